// When to try again.

/** Waits that double from `firstMs` up to `capMs`. */
export interface Backoff {
  /** After the first failure, at most. */
  firstMs: number;
  /** Never longer than this. */
  capMs: number;
}

/** Random bits, as the session hears them: a whole number below 2^32. */
export const JITTER_MAX = 2 ** 32 - 1;
/** Thirty doublings of a millisecond are twelve days: over any sensible cap. */
const MAX_DOUBLINGS = 30;

/**
 * The wait after `failures` failures in a row (at least 1): the upper half of it at random, so that clients that failed
 * together do not come back together.
 */
export function delay({ firstMs, capMs }: Backoff, failures: number, jitter: number): number {
  const whole = Math.min(firstMs * 2 ** Math.min(failures - 1, MAX_DOUBLINGS), capMs);
  return whole / 2 + (whole / 2) * (jitter / JITTER_MAX);
}

/** When an answer came, and the random bits to spread what follows from it. */
export interface Moment {
  now: number;
  jitter: number;
}

/** The tries of one thing. */
export class Retry {
  /** In a row. */
  failures = 0;
  /** Not to be tried again before this. */
  notBefore = Number.NEGATIVE_INFINITY;

  /** Records a failure. The server's own wish counts if it is longer than our backoff. */
  fail(backoff: Backoff, wishMs: number | undefined, { now, jitter }: Moment): void {
    this.failures += 1;
    this.notBefore = now + Math.max(delay(backoff, this.failures, jitter), wishMs ?? 0);
  }

  /** Lets it be tried at once: the network has changed, so what was learned about the old one does not count. */
  release(): void {
    this.notBefore = Number.NEGATIVE_INFINITY;
  }
}

/** A call of which there is one at a time. */
export class Call {
  retry = new Retry();
  inFlight = false;

  isReady(now: number): boolean {
    return !this.inFlight && this.retry.notBefore <= now;
  }

  succeed(): void {
    this.retry = new Retry();
    this.inFlight = false;
  }

  fail(backoff: Backoff, wishMs: number | undefined, at: Moment): void {
    this.inFlight = false;
    this.retry.fail(backoff, wishMs, at);
  }
}
