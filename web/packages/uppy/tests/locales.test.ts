// Korean lacks nothing that English has, and says all that it is given.

import en from "@uppy/locales/lib/en_US.js";
import uppyKorean from "@uppy/locales/lib/ko_KR.js";
import { expect, test } from "vitest";
import { MISSING_IN_KOREAN } from "../src/locales/ko.js";
import { koKR } from "../src/locales/korean.js";

/** A text, whichever number it is for. */
function textOf(text: unknown): string {
  return typeof text === "string" ? text : (Object.values(text as Record<string, string>).at(-1) ?? "");
}

function placeholders(text: unknown): string[] {
  return [...textOf(text).matchAll(/%\{(\w+)\}/g)].map(([, name]) => name as string).sort();
}

test("no key of English is missing, and none is of another time", () => {
  const lacking = Object.keys(en.strings).filter((key) => !(key in uppyKorean.strings));
  expect(lacking.length).toBeGreaterThan(0);
  expect(Object.keys(MISSING_IN_KOREAN).sort()).toEqual(lacking.sort());
  expect(Object.keys(koKR.strings)).toEqual(expect.arrayContaining(Object.keys(en.strings)));
});

test("what is put in has its place in both languages", () => {
  const english = en.strings as Record<string, unknown>;
  for (const [key, text] of Object.entries(MISSING_IN_KOREAN)) {
    expect(placeholders(text), key).toEqual(placeholders(english[key]));
    expect(text.trim(), key).not.toBe("");
  }
});

test("one text serves any number", () => {
  for (const count of [0, 1, 2]) expect(koKR.pluralize(count)).toBe(0);
});
