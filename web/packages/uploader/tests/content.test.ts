// What is read from files, and what they are announced as.

import { readFileSync } from "node:fs";
import { crc32 as reference } from "node:zlib";
import { expect, test } from "vitest";
import { UploadError } from "../src/driver/error.js";
import { checksumOf, crc32 } from "../src/content/crc32.js";
import { fingerprintOf } from "../src/content/fingerprint.js";
import { fileNameOf, mediaTypeOf, titleOf, TYPES } from "../src/content/media.js";
import { explain } from "../src/texts/explain.js";

function named(name: string, type = "", size = 1): Blob & { name: string } {
  return Object.assign(new Blob([new Uint8Array(size)], { type }), { name });
}

test("CRC-32 equals the published check value and carries on", async () => {
  // CRC catalogue, CRC-32/ISO-HDLC: check = 0xcbf43926 over "123456789".
  expect(crc32(0, new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  const bytes = Uint8Array.from({ length: 3 * 2 ** 20 + 77 }, (_, i) => (i * 7) % 251);
  const whole = reference(bytes);
  expect(crc32(crc32(0, bytes.subarray(0, 1001)), bytes.subarray(1001))).toBe(whole);
  const expected = Buffer.alloc(4);
  expected.writeUInt32BE(whole);
  expect(await checksumOf(new Blob([bytes]), new AbortController().signal)).toBe(expected.toString("base64"));
});

test("summing stops when told", async () => {
  await expect(checksumOf(new Blob(["a"]), AbortSignal.abort())).rejects.toThrow();
});

test("a fingerprint follows size, beginning, middle and end", async () => {
  const bytes = new Uint8Array(400_000);
  const first = await fingerprintOf(new Blob([bytes]));
  for (const place of [0, 200_000, 399_999]) {
    const other = bytes.slice();
    other[place] = 1;
    expect(await fingerprintOf(new Blob([other])), `${place}`).not.toBe(first);
  }
  expect(await fingerprintOf(new Blob([bytes, "x"]))).not.toBe(first);
});

test.each([
  ["a.MP4", "", "video/mp4"],
  ["a.mkv", "video/matroska", "video/x-matroska"],
  ["a.avi", "video/vnd.avi", "video/x-msvideo"],
  ["blob", "video/webm;codecs=vp9", "video/webm"],
  ["save.JFIF", "", "image/jpeg"],
  ["blob", "image/pjpeg", "image/jpeg"],
  ["VID_1.insv", "", "video/mp4"],
  ["a.html", "text/html", undefined],
  ["mp4", "", undefined],
])("the type of %s declared as %j is %s", (name, declared, type) => {
  expect(mediaTypeOf(named(name, declared))).toBe(type);
});

test("the types are those of the server", () => {
  const text = readFileSync(new URL("../../../../vectors/media_types.json", import.meta.url), "utf8");
  expect({ types: TYPES }).toEqual(JSON.parse(text));
});

test("a rejection says what the file really is", () => {
  const heic = new UploadError("rejected", { reason: "content_mismatch", found: "image/heic" });
  expect(explain(heic).message).toBe("The file is not what its name says: it is a HEIC image.");
  expect(explain(heic, "ko").message).toContain("HEIC 이미지");
  const unknown = new UploadError("rejected", { reason: "content_mismatch", found: "model/stl" });
  expect(explain(unknown).message).toBe("The file is not what its name says.");
});

test("names are composed, short and without a path", () => {
  expect(fileNameOf(named("휴가.mp4".normalize("NFD")), "video")).toBe("휴가.mp4");
  expect(fileNameOf(named("C:\\films\\a\tb.mp4"), "video")).toBe("a b.mp4");
  expect(fileNameOf(new Blob([], { type: "image/jpeg" }), "thumbnail")).toBe("thumbnail.jpg");
  const long = fileNameOf(named(`${"가".repeat(200)}🎬.mp4`), "video");
  expect(new TextEncoder().encode(long).length).toBeLessThanOrEqual(255);
  expect(long).toMatch(/^가+\.mp4$/);
});

test("any file name makes a title", () => {
  expect(titleOf(named("휴가 🎬.mp4"))).toBe("휴가 🎬");
  expect(titleOf(named(".mp4"))).toBe("untitled");
  expect([...titleOf(named(`${"🎬".repeat(300)}.mp4`))].length).toBe(200);
});
