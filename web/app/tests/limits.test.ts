// What may be uploaded, and how it is told.

import { expect, test } from "vitest";
import type { RoleBody } from "../src/api/contract";
import { acceptText, findRole, kindsText, kindText, refusalOf } from "../src/logic/limits";

const role: RoleBody = {
  name: "video",
  required: true,
  visibility: "private",
  max_size: 10,
  content_types: ["video/mp4", "video/x-matroska"],
};
const COLLECTIONS = [{ name: "videos", roles: [role] }];
const file = (name: string, type: string, size: number) => new File([new Uint8Array(size)], name, { type });

test.each([
  ["a film of the largest size", file("a.mp4", "video/mp4", 10), undefined],
  ["one byte more", file("a.mp4", "video/mp4", 11), "tooLarge"],
  ["nothing", file("a.mp4", "video/mp4", 0), "empty"],
  ["a kind that the role does not take", file("a.webm", "video/webm", 5), "wrongKind"],
  ["no film at all, and too large", file("a.txt", "text/plain", 11), "wrongKind"],
  ["a kind that the browser does not know", file("a.mkv", "", 5), undefined],
])("%s", (_, given, why) => {
  expect(refusalOf(given, role)).toBe(why);
});

test("a role is found by its names", () => {
  expect(findRole(COLLECTIONS, "videos", "video")).toBe(role);
  expect(findRole(COLLECTIONS, "videos", "image")).toBeUndefined();
  expect(findRole(COLLECTIONS, "images", "video")).toBeUndefined();
});

test("kinds are told by the names people know, and asked for by type and ending", () => {
  expect(kindsText(role)).toBe("MP4, MKV");
  expect(kindText("video/x-unheard-of")).toBe("video/x-unheard-of");
  expect(acceptText(role)).toBe("video/mp4,video/x-matroska,.mp4,.m4v,.mkv");
});
