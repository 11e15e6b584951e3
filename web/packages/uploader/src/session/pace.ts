// How many parts are in flight at once: one more while that makes the upload faster, half as many when parts fail.
//
// Additive increase, multiplicative decrease. A step up is a question: if the next round is not clearly faster, it is
// taken back and not asked again for a while. *Invariant*: the limit stays within its bounds.

/** Bounds of the parts in flight. Equal bounds switch adaptation off. */
export interface Bounds {
  min: number;
  start: number;
  max: number;
}

/** A round is as many parts as are in flight, so often: fewer say little about speed. */
const TURNS_PER_ROUND = 2;
/** A step up must bring this much, or it only shares the same line among more parts. */
const GAIN = 1.05;
/** Rounds until the next question after a step up that brought nothing. */
const REST_AFTER_VAIN = 8;
/** The same after parts have failed. */
const REST_AFTER_FAILURE = 2;

export class Pace {
  /** Parts that may be in flight. */
  limit: number;
  #roundStart: number | undefined;
  #bytes = 0;
  #parts = 0;
  /** Bytes per millisecond before the step up whose effect is awaited. */
  #before: number | undefined;
  #rest = 0;
  #arrivedSinceCut = true;

  readonly #bounds: Bounds;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.limit = Math.min(Math.max(bounds.start, bounds.min), bounds.max);
  }

  /** A part was started. */
  started(now: number): void {
    this.#roundStart ??= now;
  }

  /** A part has arrived. */
  arrived(sizeBytes: number, now: number): void {
    this.#arrivedSinceCut = true;
    this.#bytes += sizeBytes;
    this.#parts += 1;
    if (this.#roundStart === undefined || this.#parts < this.limit * TURNS_PER_ROUND) return;
    const rate = this.#bytes / Math.max(now - this.#roundStart, 1);
    this.#beginRound(now);
    this.#judge(rate);
  }

  /** A part was lost. Those lost with it say nothing new. */
  failed(now: number): void {
    this.#beginRound(now);
    if (!this.#arrivedSinceCut) return;
    this.#arrivedSinceCut = false;
    this.#before = undefined;
    this.#rest = REST_AFTER_FAILURE;
    this.limit = Math.max(this.#bounds.min, Math.floor(this.limit / 2));
  }

  /** Sending stopped for a reason that says nothing about the line: what was measured so far is void. */
  interrupted(): void {
    this.#beginRound(undefined);
    this.#before = undefined;
  }

  #beginRound(now: number | undefined): void {
    this.#roundStart = now;
    this.#bytes = 0;
    this.#parts = 0;
  }

  #judge(rate: number): void {
    if (this.#before !== undefined && rate < this.#before * GAIN) {
      this.#before = undefined;
      this.#rest = REST_AFTER_VAIN;
      this.limit = Math.max(this.#bounds.min, this.limit - 1);
    } else if (this.#rest > 0) {
      this.#rest -= 1;
    } else if (this.limit < this.#bounds.max) {
      this.#before = rate;
      this.limit += 1;
    } else {
      this.#before = undefined;
    }
  }
}
