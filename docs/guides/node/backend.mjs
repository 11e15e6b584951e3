// A backend in front of Landfall, with nothing but Node 20: it knows its members, and Landfall believes it because both
// know one secret ([auth] hs256_secret). The bytes never pass through here.
//
//   LANDFALL=http://127.0.0.1:8080 SECRET=... PORT=3000 node backend.mjs

import { createHmac } from "node:crypto";
import { createServer } from "node:http";

const { LANDFALL, SECRET, PORT = "3000" } = process.env;
const MOST_BODY_BYTES = 64 * 1024;

/** A JWT (RFC 7519) whose subject is the member, signed with HS256. */
function token(member) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 300;
  const message = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: member, exp })}`;
  return `${message}.${createHmac("sha256", SECRET).update(message).digest("base64url")}`;
}

/** Asks Landfall as a member. What it answers, errors included, is good enough to be passed on. */
async function landfall(member, method, path, body) {
  const answer = await fetch(`${LANDFALL}${path}`, {
    method,
    headers: { authorization: `Bearer ${token(member)}`, "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Put your own sessions here. Whoever this names owns what is uploaded. */
function memberOf(request) {
  return request.headers["x-member"];
}

async function read(request) {
  let text = "";
  for await (const piece of request) {
    text += piece;
    if (text.length > MOST_BODY_BYTES) throw new Error("the body is too large");
  }
  return JSON.parse(text || "{}");
}

const ID = /^\/uploads\/(ast_[0-9a-v]{26})(\/complete|\/url)?$/;

async function answer(request) {
  const member = memberOf(request);
  if (!member) return { status: 401, text: JSON.stringify({ detail: "who are you?" }) };
  const { pathname } = new URL(request.url, "http://localhost");
  if (request.method === "POST" && pathname === "/uploads") {
    const { title, file_name, size, content_type } = await read(request);
    // The answer has the asset's id and, for each part, a URL that the page PUTs its bytes to.
    return landfall(member, "POST", "/v1/videos", { title, files: { video: { file_name, size, content_type } } });
  }
  const [, id, what] = ID.exec(pathname) ?? [];
  if (id && request.method === "POST" && what === "/complete") {
    return landfall(member, "POST", `/v1/videos/${id}/complete`, {});
  }
  if (id && request.method === "GET" && what === "/url") {
    return landfall(member, "GET", `/v1/videos/${id}/files/video/url`);
  }
  if (id && request.method === "DELETE" && !what) return landfall(member, "DELETE", `/v1/videos/${id}`);
  return { status: 404, text: JSON.stringify({ detail: "no such page" }) };
}

const server = createServer(async (request, response) => {
  try {
    const { status, text } = await answer(request);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  } catch (error) {
    console.error(error);
    response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify({ detail: "something broke" }));
  }
});
server.listen(Number(PORT), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
