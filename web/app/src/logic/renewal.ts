// When a signed URL is renewed: early enough that a slow answer does no harm, late enough that it is not done for nothing.

/** A URL is renewed when this share of its life is left, */
const SHARE_LEFT = 0.2;
/** but not earlier than this before its end, */
const EARLIEST_MS = 120_000;
/** and not later than this. */
const LATEST_MS = 5_000;
/** A URL that ends at once, or a clock that is wrong, must not lead to a storm of calls. */
const SHORTEST_WAIT_MS = 1_000;
/** The longest time that a browser's timer can wait. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;
/** After a renewal that failed. */
const AGAIN_MS = { first: 2_000, cap: 60_000 };

/** Milliseconds from now until a URL is renewed; nothing for one that never ends. */
export function renewalDelay(expiresAt: string | undefined, now: number): number | undefined {
  const end = expiresAt === undefined ? Number.NaN : Date.parse(expiresAt);
  if (Number.isNaN(end)) return undefined;
  const life = end - now;
  const margin = Math.min(Math.max(life * SHARE_LEFT, LATEST_MS), EARLIEST_MS);
  return Math.min(Math.max(life - margin, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
}

/** Milliseconds until a failed renewal is tried again. */
export function againDelay(failures: number): number {
  return Math.min(AGAIN_MS.first * 2 ** Math.max(failures - 1, 0), AGAIN_MS.cap);
}
