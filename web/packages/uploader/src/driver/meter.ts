// Speed and time left, smoothed so that a person can read them.

/** Changes in speed are followed within about so long. */
const MEMORY_MS = 5_000;
/** Two samples closer than this say nothing about speed. */
const SHORTEST_SAMPLE_MS = 250;
/** So slow that the time left would be nonsense. */
const CRAWL_BYTES_PER_SECOND = 1;

export class Meter {
  #at: number | undefined;
  #bytes = 0;
  #speed: number | undefined;

  /** Bytes that have been handed to the network by now. A failed part takes its bytes back, which is no negative speed. */
  sample(bytes: number, now: number): void {
    if (this.#at === undefined) {
      [this.#at, this.#bytes] = [now, bytes];
      return;
    }
    const elapsed = now - this.#at;
    if (elapsed < SHORTEST_SAMPLE_MS) return;
    const measured = (Math.max(bytes - this.#bytes, 0) * 1000) / elapsed;
    const weight = 1 - Math.exp(-elapsed / MEMORY_MS);
    this.#speed = this.#speed === undefined ? measured : this.#speed + (measured - this.#speed) * weight;
    [this.#at, this.#bytes] = [now, bytes];
  }

  /** Sending has stopped: the next sample begins anew. */
  interrupt(): void {
    this.#at = undefined;
    this.#speed = undefined;
  }

  get bytesPerSecond(): number {
    return this.#speed ?? 0;
  }

  /** Time for so many more bytes, if it can be told. */
  secondsFor(bytes: number): number | undefined {
    const speed = this.#speed;
    return speed !== undefined && speed >= CRAWL_BYTES_PER_SECOND ? bytes / speed : undefined;
  }
}
