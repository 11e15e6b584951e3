// A window over the server's samples: what came before is kept, what is new is added, the oldest go.

import type { SampleBody } from "../api/contract";

/** An hour of samples, one each five seconds, as the server keeps them. */
export const KEPT = 720;

export function merged(known: SampleBody[], fresh: SampleBody[]): SampleBody[] {
  const last = known.at(-1)?.at ?? "";
  return [...known, ...fresh.filter(({ at }) => at > last)].slice(-KEPT);
}

/** Times (seconds) and values as a chart takes them; what is unknown leaves a gap. */
export function columns(
  samples: SampleBody[],
  series: ((sample: SampleBody) => number | undefined)[],
): [number[], ...(number | null)[][]] {
  const times = samples.map(({ at }) => Date.parse(at) / 1000);
  return [times, ...series.map((value) => samples.map((sample) => value(sample) ?? null))];
}

/** The last value that is known. */
export function latest(values: (number | null)[]): number | undefined {
  return values.findLast((value) => value !== null) ?? undefined;
}
