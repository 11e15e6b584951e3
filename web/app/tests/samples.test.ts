// The window over the server's samples.

import { expect, test } from "vitest";
import type { SampleBody } from "../src/api/contract";
import { columns, KEPT, latest, merged } from "../src/logic/samples";

const sample = (seconds: number, store?: number): SampleBody => ({
  at: new Date(Date.parse("2026-11-22T12:00:00Z") + seconds * 1000).toISOString(),
  cpu_percent: seconds,
  memory_bytes: 1,
  requests_per_second: 1,
  errors_per_second: 0,
  ...(store === undefined ? {} : { store_p95_ms: store }),
});

test("what is new is added once, and the oldest go", () => {
  const known = Array.from({ length: KEPT }, (_, at) => sample(at * 5));
  const fresh = [sample((KEPT - 1) * 5), sample(KEPT * 5)];
  const list = merged(known, fresh);
  expect(list.length).toBe(KEPT);
  expect(list[0]).toEqual(known[1]);
  expect(list.at(-1)).toEqual(fresh[1]);
});

test("what is unknown leaves a gap", () => {
  const list = columns([sample(0, 4), sample(5)], [({ store_p95_ms }) => store_p95_ms, ({ api_p95_ms }) => api_p95_ms]);
  expect(list.slice(1)).toEqual([
    [4, null],
    [null, null],
  ]);
  expect((list[0][1] as number) - (list[0][0] as number)).toBe(5);
  expect([latest(list[1] as number[]), latest(list[2] as number[]), latest([])]).toEqual([4, undefined, undefined]);
});
