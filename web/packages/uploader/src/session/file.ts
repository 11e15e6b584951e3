// One file of an upload: which parts are waiting, signed, in flight or there.

import type { PartBody, PartUrlBody } from "../api/schema.js";
import type { PartPlan } from "./plan.js";
import { Call, Retry } from "./retry.js";

/** A URL just received is used for this long even if its expiry looks past: then it is our clock that is wrong. */
const FRESH_MS = 30_000;
/** After so many failures with one URL another is asked for: some servers cut the connection instead of saying 403. */
const TRIES_PER_URL = 2;

/** Permission to send one part. */
export interface SignedPart {
  url: string;
  headers: Record<string, string>;
  usableUntil: number;
}

/** A part that is not there yet. */
class Pending {
  signed: SignedPart | undefined;
  readonly retry = new Retry();

  isUsable(now: number): boolean {
    return this.signed !== undefined && now < this.signed.usableUntil;
  }
}

export class FileProgress {
  /** Neither there nor in flight, in the order of their numbers. */
  #pending = new Map<number, Pending>();
  readonly #sending = new Map<number, Pending>();
  readonly #refusals = new Map<number, number>();
  /** What the server says has arrived is not known yet. */
  isUnlisted = true;
  listing = new Call();
  signing = new Call();

  constructor(readonly plan: PartPlan) {
    for (let number = 1; number <= plan.partCount; number += 1) this.#pending.set(number, new Pending());
  }

  get isComplete(): boolean {
    return this.#pending.size === 0 && this.#sending.size === 0;
  }

  /** The parts in flight. */
  get inFlight(): number[] {
    return [...this.#sending.keys()];
  }

  /** Bytes of all parts that have arrived. */
  get arrivedBytes(): number {
    let missing = 0;
    for (const number of [...this.#pending.keys(), ...this.#sending.keys()]) missing += this.plan.lengthOf(number);
    return this.plan.sizeBytes - missing;
  }

  /** The server accepts no more parts of this file: it is committing or done, so everything is there. */
  close(): void {
    this.isUnlisted = false;
    this.#pending.clear();
    // Whatever call said so has come back. If parts turn out to be wrong, they are signed anew.
    this.listing = new Call();
    this.signing = new Call();
  }

  /** Takes up what the server says has arrived. A part of another size than planned is sent again. */
  list(parts: PartBody[]): void {
    this.isUnlisted = false;
    for (const { number, size } of parts) {
      if (this.plan.has(number) && this.plan.lengthOf(number) === size) this.#pending.delete(number);
    }
  }

  /** Takes up URLs; gives how many were of use. Parts that are not waiting are passed over. */
  sign(parts: PartUrlBody[], marginMs: number, now: number): number {
    let useful = 0;
    for (const { number, size, url, headers, expires_at } of parts) {
      const pending = this.#pending.get(number);
      if (!pending || this.plan.lengthOf(number) !== size) continue;
      const expiry = Date.parse(expires_at) - marginMs;
      pending.signed = { url, headers, usableUntil: Math.max(Number.isNaN(expiry) ? 0 : expiry, now + FRESH_MS) };
      useful += 1;
    }
    return useful;
  }

  /** The parts to ask URLs for now: none while enough parts are signed, else the next ones without a usable URL. */
  unsigned(enough: number, batch: number, now: number): number[] {
    const parts = [...this.#pending];
    const signed = parts.filter(([, part]) => part.isUsable(now)).length;
    if (signed >= enough) return [];
    const wanting = parts.filter(([, part]) => !part.isUsable(now));
    return wanting.slice(0, batch).map(([number]) => number);
  }

  /** The next part that can be sent now. */
  takeNext(now: number): { number: number; signed: SignedPart } | undefined {
    for (const [number, pending] of this.#pending) {
      if (pending.signed && pending.isUsable(now) && pending.retry.notBefore <= now) {
        this.#pending.delete(number);
        this.#sending.set(number, pending);
        return { number, signed: pending.signed };
      }
    }
    return undefined;
  }

  /** When parts that have a URL but must wait can be tried again. */
  retryTimes(now: number): number[] {
    return [...this.#pending.values()].filter((part) => part.isUsable(now)).map((part) => part.retry.notBefore);
  }

  /** A part has arrived. Gives whether it was in flight. */
  arrive(number: number): boolean {
    return this.#sending.delete(number);
  }

  /** A part has not arrived because nobody answered. It waits for another try, at first with the same URL. */
  putBack(number: number, fail: (retry: Retry) => void): void {
    const pending = this.#sending.get(number);
    if (!pending) return;
    fail(pending.retry);
    if (pending.retry.failures % TRIES_PER_URL === 0) pending.signed = undefined;
    this.#wait(number, pending);
  }

  /** A part was broken off by us: nothing is known against it or its URL. */
  release(number: number): void {
    const pending = this.#sending.get(number);
    if (pending) this.#wait(number, pending);
  }

  /** A part was refused. It waits for another URL and another try. Gives how often it has been refused. */
  refuse(number: number, fail: (retry: Retry) => void): number {
    const pending = this.#sending.get(number);
    if (pending) {
      fail(pending.retry);
      pending.signed = undefined;
      this.#wait(number, pending);
    }
    const refusals = (this.#refusals.get(number) ?? 0) + 1;
    this.#refusals.set(number, refusals);
    return refusals;
  }

  /** Sends parts again that the server found missing or wrong; gives how many are of this file's plan. */
  reopen(numbers: Iterable<number>): number {
    let planned = 0;
    for (const number of new Set(numbers)) {
      if (!this.plan.has(number)) continue;
      planned += 1;
      if (!this.#sending.has(number) && !this.#pending.has(number)) this.#wait(number, new Pending());
    }
    return planned;
  }

  /** Lets everything be tried at once. */
  releaseWaits(): void {
    for (const pending of this.#pending.values()) pending.retry.release();
    this.listing.retry.release();
    this.signing.retry.release();
  }

  /** Forgets all URLs: they may have died unseen. */
  forgetUrls(): void {
    for (const pending of [...this.#pending.values(), ...this.#sending.values()]) pending.signed = undefined;
  }

  #wait(number: number, pending: Pending): void {
    this.#sending.delete(number);
    const isLast = [...this.#pending.keys()].at(-1);
    this.#pending.set(number, pending);
    // Parts are sent in the order of their numbers, so that what has arrived is mostly the film's beginning.
    if (isLast !== undefined && number < isLast) this.#pending = new Map([...this.#pending].sort(([a], [b]) => a - b));
  }
}
