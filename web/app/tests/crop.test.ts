// The square that is kept never leaves the image.

import { expect, test } from "vitest";
import { byKey, centred, changed, edgeOf, isSmall, MAX_ZOOM, within, writtenEdge } from "../src/logic/crop";

const WIDE = { width: 1600, height: 900 };

test("it begins as the largest square in the middle", () => {
  expect(centred(WIDE)).toEqual({ x: 800, y: 450, zoom: 1 });
  expect(edgeOf(WIDE, 1)).toBe(900);
});

test("it stays within the image, wherever it is moved", () => {
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "+", "-"]) {
    let crop = centred(WIDE);
    for (let times = 0; times < 200; times += 1) crop = changed(WIDE, crop, byKey(key, 0.05) ?? {});
    const half = edgeOf(WIDE, crop.zoom) / 2;
    expect(crop.x - half, key).toBeGreaterThanOrEqual(-1e-9);
    expect(crop.y - half, key).toBeGreaterThanOrEqual(-1e-9);
    expect(crop.x + half, key).toBeLessThanOrEqual(1600 + 1e-9);
    expect(crop.y + half, key).toBeLessThanOrEqual(900 + 1e-9);
    expect(crop.zoom, key).toBeGreaterThanOrEqual(1);
    expect(crop.zoom, key).toBeLessThanOrEqual(MAX_ZOOM);
  }
});

test("keys move and zoom it; others do nothing", () => {
  const crop = centred(WIDE);
  expect(changed(WIDE, crop, byKey("ArrowRight", 0.1) ?? {}).x).toBe(890);
  expect(changed(WIDE, crop, byKey("+", 0.1) ?? {}).zoom).toBeCloseTo(1.1);
  expect(byKey("a", 0.1)).toBeUndefined();
});

test("zooming out at the edge moves it back in", () => {
  const corner = within(WIDE, { x: 1600, y: 900, zoom: 4 });
  expect(corner).toEqual({ x: 1487.5, y: 787.5, zoom: 4 });
  expect(changed(WIDE, corner, { zoom: 0.1 })).toEqual({ x: 1150, y: 450, zoom: 1 });
});

test("it is never written larger than it is", () => {
  expect(writtenEdge(WIDE, centred(WIDE))).toBe(512);
  expect(writtenEdge({ width: 100, height: 200 }, { x: 50, y: 100, zoom: 2 })).toBe(50);
  expect(isSmall({ width: 100, height: 200 }, { x: 50, y: 100, zoom: 1 })).toBe(true);
  expect(isSmall(WIDE, centred(WIDE))).toBe(false);
});
