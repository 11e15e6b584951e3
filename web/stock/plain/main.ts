// A page of somebody else that uses the upload library: another origin, and a token instead of a cookie.

import { Uploader } from "@landfall/uploader";

const { server, token } = JSON.parse(decodeURIComponent(location.hash.slice(1))) as { server: string; token: string };
const uploader = new Uploader({ server, token: () => token });
const field = Object.assign(document.createElement("input"), { type: "file", ariaLabel: "File" });
const state = document.createElement("output");
field.addEventListener("change", () => {
  const [video] = field.files ?? [];
  if (!video) return;
  const upload = uploader.upload({ title: "From elsewhere", files: { video } });
  upload.subscribe(({ phase, sentBytes }) => (state.textContent = `${phase} ${sentBytes}`));
  upload.start();
});
document.body.append(field, state);
