// What a session does with what the device tells; what the server and the store tell is in the vectors.

import { expect, test } from "vitest";
import type { AssetBody } from "../src/api/schema.js";
import { Session } from "../src/session/session.js";
import { type Action, DEFAULT_RULES } from "../src/session/words.js";

const PART = 5 * 2 ** 20;

/** A session with both parts of a file in flight at time 0. */
function sending(): Session {
  const parallel = { min: 2, start: 2, max: 2 };
  const rules = { ...DEFAULT_RULES, parallel };
  const session = new Session({ sizes: { video: 2 * PART }, opening: "create", rules, sums: "none" });
  const parts = [1, 2].map((number) => ({
    number,
    size: PART,
    url: `u${number}`,
    headers: {},
    expires_at: new Date(3600_000).toISOString(),
  }));
  const upload = { part_size: PART, part_count: 2, parts };
  const files = { video: { size: 2 * PART, upload } };
  const asset = { id: "ast_00000000000000000000000000", status: "UPLOADING", files } as unknown as AssetBody;
  expect(words(session, 0)).toEqual(["create", "wait"]);
  session.onEvent({ kind: "opened", answer: { ok: asset } }, 0, 0);
  expect(words(session, 0)).toEqual(["list", "wait"]);
  session.onEvent({ kind: "listed", role: "video", answer: { ok: [] } }, 0, 0);
  expect(words(session, 0)).toEqual(["send 1", "send 2", "wait"]);
  return session;
}

function words(session: Session, now: number): string[] {
  const said: string[] = [];
  for (;;) {
    const action = session.nextAction(now);
    said.push(word(action));
    if (action.kind === "wait" || action.kind === "finish") return said;
  }
}

function word(action: Action): string {
  if (action.kind === "send") return `send ${action.ticket.number}`;
  if (action.kind === "sign") return `sign ${action.numbers.join(",")}`;
  if (action.kind === "abort") return `abort ${action.number}`;
  return action.kind;
}

const aborted = { kind: "aborted" } as const;
const lost = { kind: "weather", detail: "reset" } as const;

test("pause breaks off what is in flight, and resume sends it by the same URLs", () => {
  const session = sending();
  session.onEvent({ kind: "pause" }, 10, 0);
  expect(words(session, 10)).toEqual(["abort 1", "abort 2", "wait"]);
  for (const number of [2, 1]) session.onEvent({ kind: "partEnded", role: "video", number, failure: aborted }, 20, 0);
  expect(words(session, 20)).toEqual(["wait"]);
  expect(session.trouble).toBeUndefined();
  session.onEvent({ kind: "resume" }, 30, 0);
  expect(words(session, 30)).toEqual(["send 1", "send 2", "wait"]);
});

test("a part that arrives although it was broken off is not sent again", () => {
  const session = sending();
  session.onEvent({ kind: "pause" }, 10, 0);
  expect(words(session, 10)).toEqual(["abort 1", "abort 2", "wait"]);
  session.onEvent({ kind: "partEnded", role: "video", number: 1 }, 20, 0);
  session.onEvent({ kind: "partEnded", role: "video", number: 2, failure: aborted }, 20, 0);
  session.onEvent({ kind: "resume" }, 30, 0);
  expect(words(session, 30)).toEqual(["send 2", "wait"]);
  expect(session.arrivedBytes).toBe(PART);
});

test("after sleep connections are broken off and URLs asked for anew", () => {
  const session = sending();
  session.onEvent({ kind: "woke" }, 10, 0);
  expect(words(session, 10)).toEqual(["abort 1", "abort 2", "wait"]);
  for (const number of [1, 2]) session.onEvent({ kind: "partEnded", role: "video", number, failure: aborted }, 20, 0);
  expect(words(session, 20)).toEqual(["sign 1,2", "wait"]);
});

test("a network that is back is tried at once", () => {
  const session = sending();
  for (const number of [1, 2]) session.onEvent({ kind: "partEnded", role: "video", number, failure: lost }, 10, 0);
  expect(words(session, 10)).toEqual(["wait"]);
  session.onEvent({ kind: "offline" }, 20, 0);
  expect(words(session, 20)).toEqual(["wait"]);
  session.onEvent({ kind: "online" }, 30, 0);
  expect(words(session, 30)).toEqual(["send 1", "send 2", "wait"]);
});

test("cancel breaks off, deletes, and does not insist", () => {
  const session = sending();
  session.onEvent({ kind: "cancel" }, 10, 0);
  expect(words(session, 10)).toEqual(["abort 1", "abort 2", "delete", "wait"]);
  const error = { kind: "unreachable", detail: "no route", mayPass: true } as const;
  for (let now = 10_000; now <= 20_000; now += 10_000) {
    session.onEvent({ kind: "deleted", answer: { error } }, now, 0);
    expect(words(session, now + 5_000)).toEqual(["delete", "wait"]);
  }
  session.onEvent({ kind: "deleted", answer: { error } }, 30_000, 0);
  expect(session.nextAction(30_000)).toEqual({ kind: "finish", outcome: { kind: "cancelled" } });
});
