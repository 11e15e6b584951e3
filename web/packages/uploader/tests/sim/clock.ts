// Time that the test turns.

import type { Clock } from "../../src/driver/clock.js";

export class VirtualClock implements Clock {
  #wall = Date.UTC(2026, 0, 1);
  #steady = 0;
  readonly #timers = new Map<number, { at: number; call: () => void }>();
  #count = 0;

  wall(): number {
    return this.#wall;
  }

  steady(): number {
    return this.#steady;
  }

  after(ms: number, call: () => void): () => void {
    this.#count += 1;
    const id = this.#count;
    this.#timers.set(id, { at: this.#steady + Math.max(ms, 0), call });
    return () => this.#timers.delete(id);
  }

  /** Lets everything happen that waits for no time. */
  async settle(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Goes to the next timer and runs it. Gives false if there is none. */
  async step(): Promise<boolean> {
    await this.settle();
    let next: [number, { at: number; call: () => void }] | undefined;
    for (const timer of this.#timers) if (!next || timer[1].at < next[1].at) next = timer;
    if (!next) return false;
    const [id, { at, call }] = next;
    this.#timers.delete(id);
    this.#wall += Math.max(at - this.#steady, 0);
    this.#steady = Math.max(at, this.#steady);
    call();
    await this.settle();
    return true;
  }

  /** The device sleeps: the wall clock goes on, the steady one and all timers stand still. */
  sleep(ms: number): void {
    this.#wall += ms;
  }

  /** Somebody sets the wall clock. */
  set(wall: number): void {
    this.#wall = wall;
  }
}

/** Numbers without a pattern from 0 to 1, the same in every run of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
