// What a session remembers, and the few changes that several answers share.

import type { AssetBody, ErrorCode } from "../api/schema.js";
import type { FileProgress } from "./file.js";
import { Pace } from "./pace.js";
import { Call, delay, type Moment } from "./retry.js";
import type { Opening, Outcome, Rules } from "./words.js";

/** Nothing has worked for a while. */
export interface Trouble {
  /** The first failure since the last success. */
  since: number;
  /** Failures since the last success. */
  failures: number;
  /** What happened last. */
  detail: string;
  /** The server's stable code, if it gave one. */
  code: ErrorCode | undefined;
  /** When the thing that failed last is tried again. */
  retryAt: number;
  /** Parts that were allowed in flight when it began. */
  parallel: number;
}

/** Where an upload stands. */
export type Phase =
  /** The asset is not known yet. */
  | { kind: "opening"; opening: Opening; call: Call }
  /** Asking what has arrived, then sending the rest. */
  | { kind: "sending" }
  /** Everything is there; asking for the commit. */
  | { kind: "completing"; call: Call }
  /** The server commits; asking whether it is done. */
  | { kind: "polling"; since: number; polls: number; call: Call }
  /** Being thrown away; waits for the opening's answer if one is under way, to know what to delete. */
  | { kind: "cancelling"; call: Call; isOpening: boolean }
  /** It has ended. */
  | { kind: "over"; outcome: Outcome };

/** What to upload. */
export interface Task {
  /** Sizes of the local files in bytes, by role. */
  sizes: Record<string, number>;
  opening: Opening;
  rules: Rules;
  /** The files are summed up; `complete` waits for it. */
  sums: "awaited" | "none";
}

/** However short the patience, it takes this many failures in a row to give up. */
const LEAST_TRIES = 3;

export class State {
  readonly rules: Rules;
  readonly sizes: Map<string, number>;
  readonly awaitsSums: boolean;
  readonly pace: Pace;
  /** Known once the asset is open. */
  files = new Map<string, FileProgress>();
  checksums: Record<string, string> = {};
  asset: AssetBody | undefined;
  phase: Phase;
  trouble: Trouble | undefined;
  /** No part is started before this. */
  hold = Number.NEGATIVE_INFINITY;
  isPaused = false;
  isOffline = false;
  /** Parts to break off. */
  aborts: Array<{ role: string; number: number }> = [];
  /** How often `complete` found parts missing or wrong. */
  repairs = 0;

  constructor({ sizes, opening, rules, sums }: Task) {
    // In the order of their names, as the Rust client goes: small companions such as a thumbnail before the video.
    this.sizes = new Map(Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1)));
    this.rules = rules;
    this.awaitsSums = sums === "awaited";
    this.pace = new Pace(rules.parallel);
    this.phase = { kind: "opening", opening, call: new Call() };
  }

  get inFlight(): number {
    return [...this.files.values()].flatMap((file) => file.inFlight).length;
  }

  finish(outcome: Outcome): void {
    // The first end counts: what comes in later was under way when it came.
    if (this.phase.kind !== "over") this.phase = { kind: "over", outcome };
  }

  /** The server describes another upload; `what` of it differs. */
  contradict(what: string): void {
    this.finish({ kind: "contradiction", detail: `the server describes another ${what}` });
  }

  /** Something did not answer. Gives up when that has lasted longer than the patience. */
  noteTrouble(detail: string, retryAt: number, now: number, code?: ErrorCode): void {
    this.trouble ??= { since: now, failures: 0, detail, code, retryAt, parallel: this.pace.limit };
    const { trouble } = this;
    trouble.failures += 1;
    trouble.detail = detail;
    trouble.code = code;
    trouble.retryAt = retryAt;
    // Without a network there is nobody to lose patience with.
    if (this.isOffline) trouble.since = now;
    if (now >= trouble.since + this.rules.patienceMs && trouble.failures >= LEAST_TRIES) {
      this.finish({ kind: "out_of_patience", detail });
    }
  }

  noteSuccess(): void {
    this.trouble = undefined;
    this.hold = Number.NEGATIVE_INFINITY;
  }

  /** When all that was in flight has failed, the way is broken, not a part: nothing new is started for a while. */
  holdBack(wishMs: number | undefined, { now, jitter }: Moment): void {
    const { trouble } = this;
    if (!trouble || trouble.failures < trouble.parallel) return;
    const rounds = trouble.failures - trouble.parallel + 1;
    const wait = Math.max(delay(this.rules.backoff, rounds, jitter), wishMs ?? 0);
    this.hold = Math.max(this.hold, now + wait);
    trouble.retryAt = Math.max(trouble.retryAt, this.hold);
  }

  /** One part alone feels the way when as many tries as are made at once have failed without a success. */
  get allowedInFlight(): number {
    const { trouble } = this;
    return trouble && trouble.failures >= trouble.parallel ? 1 : this.pace.limit;
  }

  /** Breaks off every part in flight. */
  abortParts(): void {
    for (const [role, file] of this.files) {
      for (const number of file.inFlight) this.aborts.push({ role, number });
    }
    this.pace.interrupted();
  }

  /** Forgets all waiting and all trouble: the world is another one now. */
  beginAnew(): void {
    this.noteSuccess();
    for (const file of this.files.values()) file.releaseWaits();
    if ("call" in this.phase) this.phase.call.retry.release();
  }
}
