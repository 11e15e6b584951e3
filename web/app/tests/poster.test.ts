// The picture that is taken from a video, and what may be uploaded.

import { expect, test } from "vitest";
import type { RoleBody } from "../src/api/contract";
import { acceptText, findRole, kindsText, refusalOf } from "../src/logic/limits";
import { sceneOf } from "../src/logic/placeholder";
import { isFlat, posterEncodings, posterSize, posterTimes } from "../src/logic/poster";

test.each([
  [3840, 2160, 1280, 720],
  [1080, 1920, 720, 1280],
  [640, 360, 640, 360],
  [5000, 1, 1280, 1],
])("%d x %d becomes %d x %d", (width, height, toWidth, toHeight) => {
  expect(posterSize({ width, height })).toEqual({ width: toWidth, height: toHeight });
});

test("the picture is not the first frame, and not far into a long film", () => {
  expect(posterTimes(10)).toEqual([1, 3, 5, 0]);
  expect(posterTimes(7_200)).toEqual([60, 0]);
  for (const duration of [0, Number.NaN, Number.POSITIVE_INFINITY]) expect(posterTimes(duration)).toEqual([0]);
});

test("a frame of one colour shows nothing", () => {
  const frame = (value: (at: number) => number) =>
    Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, at) => value(at));
  expect(isFlat(frame(() => 0))).toBe(true);
  expect(isFlat(frame((at) => 200 + (at % 7)))).toBe(true);
  expect(isFlat(frame((at) => (at >> 6) % 256))).toBe(false);
  expect(isFlat(new Uint8ClampedArray())).toBe(true);
});

test("it is written as the role allows", () => {
  expect(posterEncodings(["image/jpeg", "image/png"])[0]).toEqual({ type: "image/jpeg", quality: 0.85 });
  expect(posterEncodings(["image/jpeg", "image/webp"])[0]?.type).toBe("image/webp");
  expect(posterEncodings(["image/png"])).toEqual([]);
});

const VIDEO: RoleBody = {
  name: "video",
  required: true,
  visibility: "private",
  max_size: 10,
  content_types: ["video/mp4", "video/quicktime"],
};

test.each([
  ["film.mp4", 10, "", undefined],
  ["FILM.MOV", 1, "", undefined],
  ["film.mp4", 0, "", "empty"],
  ["film.mp4", 11, "", "tooLarge"],
  ["film.webm", 1, "video/webm", "wrongKind"],
  ["notes.txt", 1, "text/plain", "wrongKind"],
])("%s of %d bytes", (name, size, type, why) => {
  expect(refusalOf(new File(["x".repeat(size)], name, { type }), VIDEO)).toBe(why);
});

test("limits are told in words, and to the file chooser", () => {
  expect(kindsText(VIDEO)).toBe("MP4, MOV");
  expect(acceptText(VIDEO)).toBe("video/mp4,video/quicktime,.mp4,.m4v,.mov");
  const collections = [{ name: "videos", roles: [VIDEO] }];
  expect(findRole(collections, "videos", "video")).toBe(VIDEO);
  expect(findRole(collections, "videos", "image")).toBeUndefined();
});

test("the drawn picture is always the same for the same video, and another for another", () => {
  expect(sceneOf("ast_1")).toEqual(sceneOf("ast_1"));
  expect(sceneOf("ast_1")).not.toEqual(sceneOf("ast_2"));
});
