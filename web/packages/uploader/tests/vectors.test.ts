// The vectors of `vectors/`, which the Rust client's tests read too: both clients do the same.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fingerprintOf } from "../src/content/fingerprint.js";
import { PartPlan } from "../src/session/plan.js";
import { delay } from "../src/session/retry.js";
import { play, type SessionVectors } from "./vector-player.js";

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../../../vectors/${name}.json`, import.meta.url), "utf8")) as T;
}

interface PlanCase {
  size_bytes: number;
  preferred_bytes: number;
  plan: { part_bytes: number; part_count: number; parts: Array<[number, number, number]> } | null;
}

test("part plans", () => {
  const { cases } = read<{ cases: PlanCase[] }>("part_plans");
  for (const { size_bytes, preferred_bytes, plan } of cases) {
    const made = PartPlan.withPreferred(size_bytes, preferred_bytes);
    const shown = made && {
      part_bytes: made.partBytes,
      part_count: made.partCount,
      parts: plan?.parts.map(([number]) => [number, made.offsetOf(number), made.lengthOf(number)]),
    };
    expect(shown ?? null, `${size_bytes}`).toEqual(plan);
    if (made) expect(PartPlan.restore(size_bytes, made.partBytes)).toEqual(made);
  }
});

test("backoff", () => {
  type Case = { first_ms: number; cap_ms: number; failures: number; jitter: number; delay_ms: number };
  const { cases } = read<{ cases: Case[] }>("backoff");
  for (const { first_ms, cap_ms, failures, jitter, delay_ms } of cases) {
    expect(Math.floor(delay({ firstMs: first_ms, capMs: cap_ms }, failures, jitter))).toBe(delay_ms);
  }
});

test("fingerprints", async () => {
  type Case = { size_bytes: number; seed: number; fingerprint: string };
  const { cases } = read<{ cases: Case[] }>("fingerprints");
  for (const { size_bytes, seed, fingerprint } of cases) {
    const bytes = Uint8Array.from({ length: size_bytes }, (_, i) => (i * 31 + seed + (i >> 8)) % 251);
    expect(await fingerprintOf(new Blob([bytes]))).toBe(fingerprint);
  }
});

describe("sessions", () => {
  const { cases, rules } = read<SessionVectors>("sessions");
  test.each(cases.map((vector) => [vector.name, vector] as const))("%s", (_, vector) => {
    expect(play(vector, rules)).toEqual(vector.steps.map(({ expect }) => expect));
  });
});
