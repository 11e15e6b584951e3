// The door to time, and the time that an upload lives on.

/** Time as the surroundings give it. */
export interface Clock {
  /** The wall clock, in milliseconds since 1970. May be set, forwards and backwards. */
  wall(): number;
  /** Milliseconds that only go forwards. On some systems they stand still while the device sleeps. */
  steady(): number;
  /** Calls once after a time; gives a function that calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const HOST_CLOCK: Clock = {
  wall: () => Date.now(),
  steady: () => performance.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** Between two readings of a page in the background pass up to a minute; what is longer was sleep. */
const LONGEST_GAP_MS = 120_000;
/** The wall clock runs ahead of the steady one by no more than this unless the device slept or the clock was set. */
const LONGEST_DRIFT_MS = 10_000;

/**
 * A time that starts at the wall clock and never goes backwards: a wall clock that is set back by a year does not stop an
 * upload for a year. Sleep counts as time passed.
 */
export class SteadyTime {
  #current: number;
  #wall: number;
  #steady: number;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.wall();
    this.#steady = clock.steady();
    this.#current = this.#wall;
  }

  /** The time now, and whether it has jumped since the last reading. */
  read(): { now: number; hasJumped: boolean } {
    const [wall, steady] = [this.#clock.wall(), this.#clock.steady()];
    const gap = Math.max(steady - this.#steady, 0);
    const drift = wall - this.#wall - gap;
    [this.#wall, this.#steady] = [wall, steady];
    this.#current += gap + (drift > LONGEST_DRIFT_MS ? drift : 0);
    return { now: this.#current, hasJumped: gap > LONGEST_GAP_MS || drift > LONGEST_DRIFT_MS };
  }
}
