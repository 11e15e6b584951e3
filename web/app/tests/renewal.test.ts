// A signed URL is renewed before its end, and not too often.

import { expect, test } from "vitest";
import { againDelay, renewalDelay } from "../src/logic/renewal";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

test.each([
  ["an hour", 3_600, 3_480],
  ["five minutes", 300, 240],
  ["twenty seconds", 20, 15],
  ["three seconds", 3, 1],
  ["one that has ended", -60, 1],
])("%s", (_, life, delay) => {
  expect(renewalDelay(at(life), NOW)).toBe(delay * 1000);
});

test("what never ends is not renewed", () => {
  expect(renewalDelay(undefined, NOW)).toBeUndefined();
  expect(renewalDelay("nonsense", NOW)).toBeUndefined();
});

test("a timer never waits longer than it can", () => {
  expect(renewalDelay(at(400 * 86_400), NOW)).toBe(2 ** 31 - 1);
});

test("a renewal that fails is tried less and less often", () => {
  expect([1, 2, 3, 4, 5, 6, 7].map(againDelay)).toEqual([2, 4, 8, 16, 32, 60, 60].map((s) => s * 1000));
});
