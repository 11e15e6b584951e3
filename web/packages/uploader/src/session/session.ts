// One asset's upload as a state machine that touches nothing.
//
// `nextAction` says what to do now, `onEvent` hears what came of it; time and random bits are arguments. It is not the
// driver: it has no timer, no network and no clock, so every order of failures can be played through in a test.
// *Invariants*: no more parts in flight than the pace allows; a part that has arrived is neither signed nor sent again
// unless the server finds it wrong; while nothing is in flight there is a time, an end or a person to wait for; and every
// upload that is not paused ends, because refusals are counted and trouble has a patience.

import * as answers from "./answers.js";
import { Call } from "./retry.js";
import { type Phase, State, type Task, type Trouble } from "./state.js";
import type { Action, SessionEvent } from "./words.js";

export class Session {
  readonly #state: State;

  /** A task has at least one file. */
  constructor(task: Task) {
    this.#state = new State(task);
  }

  /** What does not work at the moment. */
  get trouble(): Trouble | undefined {
    return this.#state.trouble;
  }

  get phase(): Phase["kind"] {
    return this.#state.phase.kind;
  }

  get isPaused(): boolean {
    return this.#state.isPaused;
  }

  /** Bytes of all parts that have arrived. */
  get arrivedBytes(): number {
    let arrived = 0;
    for (const file of this.#state.files.values()) arrived += file.arrivedBytes;
    return arrived;
  }

  /** Whether the server has said of every file what has arrived: from then on `arrivedBytes` is right. */
  get isListed(): boolean {
    const files = [...this.#state.files.values()];
    return files.length > 0 && files.every((file) => !file.isUnlisted);
  }

  get partsInFlight(): number {
    return this.#state.inFlight;
  }

  /** Hears what happened. `jitter` is a random whole number below 2^32. */
  onEvent(event: SessionEvent, now: number, jitter: number): void {
    const state = this.#state;
    const at = { now, jitter };
    switch (event.kind) {
      case "opened":
        return answers.opened(state, event.answer, at);
      case "listed":
        return answers.listed(state, event.role, event.answer, at);
      case "signed":
        return answers.signed(state, event.role, event.answer, at);
      case "partEnded":
        return answers.partEnded(state, event.role, event.number, event.failure, at);
      case "summed":
        state.checksums[event.role] = event.value;
        return;
      case "completed":
        return answers.completed(state, event.answer, at);
      case "polled":
        return answers.polled(state, event.answer, at);
      case "deleted":
        return answers.deleted(state, event.answer, at);
      case "pause":
        if (!state.isPaused) state.abortParts();
        state.isPaused = true;
        return;
      case "resume":
        if (state.isPaused) state.beginAnew();
        state.isPaused = false;
        return;
      case "cancel":
        return this.#cancel();
      case "offline":
        state.isOffline = true;
        return;
      case "online":
        state.isOffline = false;
        return state.beginAnew();
      case "woke":
        for (const file of state.files.values()) file.forgetUrls();
        state.abortParts();
        return state.beginAnew();
    }
  }

  /** What to do now. */
  nextAction(now: number): Action {
    const state = this.#state;
    const { phase } = state;
    const abort = state.aborts.shift();
    if (abort) return { kind: "abort", ...abort };
    if (phase.kind === "over") return { kind: "finish", outcome: phase.outcome };
    if (phase.kind === "cancelling") return this.#nextOfCancelling(phase, now);
    if (state.isPaused) return { kind: "wait" };
    switch (phase.kind) {
      case "opening":
        return start(phase.call, { kind: phase.opening }, now);
      case "polling":
        return start(phase.call, { kind: "poll" }, now);
      case "completing":
        return start(phase.call, { kind: "complete", checksums: { ...state.checksums } }, now);
      case "sending":
        return this.#nextTransfer(now);
    }
  }

  #cancel(): void {
    const state = this.#state;
    const { phase } = state;
    if (phase.kind === "over" || phase.kind === "cancelling") return;
    state.abortParts();
    const isOpening = phase.kind === "opening" && phase.call.inFlight;
    // A known asset can be deleted even if its opening has not been answered.
    const isKnown = state.asset !== undefined || (phase.kind === "opening" && phase.opening === "resume");
    if (!isOpening && !isKnown) return state.finish({ kind: "cancelled" });
    state.phase = { kind: "cancelling", call: new Call(), isOpening: isOpening && !isKnown };
  }

  #nextOfCancelling(phase: Phase & { kind: "cancelling" }, now: number): Action {
    if (phase.isOpening) return { kind: "wait" };
    return start(phase.call, { kind: "delete" }, now);
  }

  #nextTransfer(now: number): Action {
    const state = this.#state;
    const files = [...state.files.values()];
    if (this.isListed && files.every((file) => file.isComplete)) {
      const isSummed = [...state.files.keys()].every((role) => role in state.checksums);
      if (state.awaitsSums && !isSummed) return { kind: "wait" };
      state.phase = { kind: "completing", call: new Call() };
      return this.nextAction(now);
    }
    return this.#nextListing(now) ?? this.#nextSigning(now) ?? this.#nextPart(now) ?? this.#untilNext(now);
  }

  #nextListing(now: number): Action | undefined {
    for (const [role, file] of this.#state.files) {
      if (file.isUnlisted && file.listing.isReady(now)) {
        file.listing.inFlight = true;
        return { kind: "list", role };
      }
    }
    return undefined;
  }

  #nextSigning(now: number): Action | undefined {
    const { rules, pace } = this.#state;
    for (const [role, file] of this.#state.files) {
      if (file.isUnlisted || !file.signing.isReady(now)) continue;
      const numbers = file.unsigned(pace.limit, rules.batch, now);
      if (numbers.length > 0) {
        file.signing.inFlight = true;
        return { kind: "sign", role, numbers };
      }
    }
    return undefined;
  }

  #nextPart(now: number): Action | undefined {
    const state = this.#state;
    if (now < state.hold || state.inFlight >= state.allowedInFlight) return undefined;
    for (const [role, file] of state.files) {
      const next = file.isUnlisted ? undefined : file.takeNext(now);
      if (!next) continue;
      const { number, signed } = next;
      const { url, headers } = signed;
      const [offsetBytes, sizeBytes] = [file.plan.offsetOf(number), file.plan.lengthOf(number)];
      state.pace.started(now);
      return { kind: "send", ticket: { role, number, offsetBytes, sizeBytes, url, headers } };
    }
    return undefined;
  }

  /** Waits for the next time at which there may be something to do. */
  #untilNext(now: number): Action {
    const times = [this.#state.hold];
    for (const file of this.#state.files.values()) {
      if (file.isUnlisted && !file.listing.inFlight) times.push(file.listing.retry.notBefore);
      if (!file.signing.inFlight) times.push(file.signing.retry.notBefore);
      times.push(...file.retryTimes(now));
    }
    return wait(times.filter((at) => at > now));
  }
}

/** Starts a call, or says when it can be started. */
function start(call: Call, action: Action, now: number): Action {
  if (call.inFlight) return { kind: "wait" };
  if (!call.isReady(now)) return wait([call.retry.notBefore]);
  call.inFlight = true;
  return action;
}

function wait(times: number[]): Action {
  const until = times.reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
  return { kind: "wait", until: Number.isFinite(until) ? until : undefined };
}
