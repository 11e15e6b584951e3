// What people read of sizes and times.

import { expect, test } from "vitest";
import { bytesText, leftText, lengthText, limitText, percentText, relativeText, spanText } from "../src/texts/format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1 kB"],
  [1_540, "1.5 kB"],
  [999_499, "999 kB"],
  [999_600, "1 MB"],
  [5_368_709_120, "5.4 GB"],
  [123_456_789_012, "123 GB"],
  [5e15, "5,000 TB"],
])("%d bytes are %s", (bytes, text) => {
  expect(bytesText(bytes, "en")).toBe(text);
});

test.each([
  [0, "0 s", "0초"],
  [61, "1 min 1 s", "1분 1초"],
  [3_600, "1 h", "1시간"],
  [3_660, "1 h 1 min", "1시간 1분"],
  [90_061, "1 d 1 h", "1일 1시간"],
])("%d seconds", (seconds, en, ko) => {
  expect(spanText(seconds, "en")).toBe(en);
  expect(spanText(seconds, "ko")).toBe(ko);
});

test.each([
  [0, "about 1 s left", "약 1초 남음"],
  [7.2, "about 8 s left", "약 8초 남음"],
  [41, "about 45 s left", "약 45초 남음"],
  [100, "about 2 min left", "약 2분 남음"],
  [1_000, "about 17 min left", "약 17분 남음"],
  [7_300, "about 2 h 10 min left", "약 2시간 10분 남음"],
])("%d seconds left", (seconds, en, ko) => {
  expect(leftText(seconds, "en")).toBe(en);
  expect(leftText(seconds, "ko")).toBe(ko);
});

test("only what is complete is 100 %", () => {
  expect(percentText(999, 1000, "en")).toBe("99%");
  expect(percentText(1000, 1000, "en")).toBe("100%");
  expect(percentText(1100, 1000, "en")).toBe("100%");
  expect(percentText(0, 0, "en")).toBe("0%");
});

test("how long ago", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  expect(relativeText("2026-11-22T11:59:30Z", now, "en")).toBe("now");
  expect(relativeText("2026-11-22T11:30:00Z", now, "ko")).toBe("30분 전");
  expect(relativeText("2026-11-23T12:00:00Z", now, "en")).toBe("tomorrow");
});

test.each([
  [21_474_836_480, "20 GiB"],
  [10_485_760, "10 MiB"],
  [5_000_000_000, "5 GB"],
  [1_500_000, "1.5 MB"],
  [1_572_864, "1.5 MiB"],
])("a limit of %d bytes is told as it was configured", (limit, text) => {
  expect(limitText(limit, "en")).toBe(text);
});

test.each([
  [0, "0:00"],
  [7.4, "0:07"],
  [61, "1:01"],
  [3_723, "1:02:03"],
])("a film of %d seconds", (seconds, text) => {
  expect(lengthText(seconds)).toBe(text);
});
