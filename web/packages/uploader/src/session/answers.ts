// What each answer of the server and the store changes.

import { type Answer, type ApiError, unreachable } from "../api/error.js";
import type { AssetBody, FileBody, PartBody, PartUrlBody, Problem } from "../api/schema.js";
import { FileProgress } from "./file.js";
import { PartPlan } from "./plan.js";
import { Call, delay, type Moment } from "./retry.js";
import type { State } from "./state.js";
import type { Outcome, PartFailure } from "./words.js";

/** The status of a published asset. */
const CREATED = "CREATED";
/** What shows that an asset is at the server. */
const ASSET_ID = /^ast_[0-9a-v]{26}$/;

/** A call failed. If that may pass, it waits and the trouble is counted; if not, it is the end. */
function failed(state: State, call: Call, error: ApiError, at: Moment): void {
  if (!error.mayPass) return refused(state, error);
  call.fail(state.rules.backoff, error.retryAfterMs, at);
  state.noteTrouble(error.detail, call.retry.notBefore, at.now, error.code);
}

/** An error that no other try will mend. */
function refused(state: State, error: ApiError): void {
  const isResuming = state.phase.kind === "opening" && state.phase.opening === "resume";
  switch (error.code) {
    case "gone":
    case "upload_expired":
      return state.finish({ kind: "gone", error });
    case "not_found":
      // What was deleted or has expired is said to be gone; this may as well be another owner's token.
      if (isResuming) return state.finish({ kind: "unknown", error });
      return state.finish({ kind: state.asset ? "gone" : "refused", error });
    case "upload_rejected":
      return state.finish(rejection(error.problem as Problem));
    default:
      return state.finish({ kind: "refused", error });
  }
}

export function opened(state: State, answer: Answer<AssetBody | undefined>, at: Moment): void {
  const { phase } = state;
  if (phase.kind === "cancelling" && phase.isOpening) {
    phase.isOpening = false;
    state.asset = answer.ok;
    // If the answer was lost, nobody knows what to delete; it expires by itself.
    return answer.ok ? undefined : state.finish({ kind: "cancelled" });
  }
  if (phase.kind !== "opening") return;
  if (answer.error) return failed(state, phase.call, answer.error, at);
  phase.call.succeed();
  state.noteSuccess();
  if (answer.ok) adopt(state, answer.ok, at.now);
  else phase.opening = "create";
}

/** Takes up an asset as the server describes it. */
function adopt(state: State, asset: AssetBody, now: number): void {
  if (!ASSET_ID.test(asset.id)) return state.contradict("id");
  state.asset = asset;
  const end = verdict(asset);
  if (end) return state.finish(end);
  for (const [role, sizeBytes] of state.sizes) {
    const body = asset.files[role];
    const file = body && takeUp(body, sizeBytes, state.rules.urlMarginMs, now);
    if (!file) return state.contradict(role);
    state.files.set(role, file);
  }
  state.phase = { kind: "sending" };
}

export function listed(state: State, role: string, answer: Answer<PartBody[]>, at: Moment): void {
  const file = state.files.get(role);
  if (!file) return;
  if (!answer.error) {
    file.listing.succeed();
    file.list(answer.ok);
    state.noteSuccess();
  } else if (answer.error.code === "upload_closed") {
    file.close();
  } else {
    failed(state, file.listing, answer.error, at);
  }
}

export function signed(state: State, role: string, answer: Answer<PartUrlBody[]>, at: Moment): void {
  const file = state.files.get(role);
  if (!file) return;
  if (!answer.error) {
    // A signature is no progress: trouble ends when a part arrives.
    if (file.sign(answer.ok, state.rules.urlMarginMs, at.now) > 0) return file.signing.succeed();
    const detail = "the server signed none of the parts asked for";
    return failed(state, file.signing, unreachable(detail), at);
  }
  if (answer.error.code === "upload_closed") return file.close();
  failed(state, file.signing, answer.error, at);
}

export function partEnded(
  state: State,
  role: string,
  number: number,
  failure: PartFailure | undefined,
  at: Moment,
): void {
  const file = state.files.get(role);
  if (!file) return;
  switch (failure?.kind) {
    case undefined:
      if (file.arrive(number)) state.pace.arrived(file.plan.lengthOf(number), at.now);
      return state.noteSuccess();
    case "aborted":
      return file.release(number);
    case "weather": {
      let retryAt = at.now;
      file.putBack(number, (retry) => {
        retry.fail(state.rules.backoff, failure.retryAfterMs, at);
        retryAt = retry.notBefore;
      });
      state.noteTrouble(failure.detail, retryAt, at.now);
      state.holdBack(failure.retryAfterMs, at);
      return state.pace.failed(at.now);
    }
    case "refused": {
      const refusals = file.refuse(number, (retry) => retry.fail(state.rules.backoff, undefined, at));
      if (refusals >= state.rules.maxRefusals) {
        state.finish({ kind: "part_refused", role, number, detail: failure.detail });
      }
    }
  }
}

export function completed(state: State, answer: Answer<AssetBody>, at: Moment): void {
  const { phase } = state;
  if (phase.kind !== "completing") return;
  if (!answer.error) {
    state.noteSuccess();
    state.asset = answer.ok;
    const end = verdict(answer.ok);
    return end ? state.finish(end) : waitForCommit(state, at);
  }
  const { error } = answer;
  if (error.problem && error.code === "upload_incomplete") return repair(state, error.problem, at);
  return error.code === "upload_closed" ? waitForCommit(state, at) : failed(state, phase.call, error, at);
}

function waitForCommit(state: State, { now, jitter }: Moment): void {
  const call = new Call();
  call.retry.notBefore = now + delay(state.rules.poll, 1, jitter);
  state.phase = { kind: "polling", since: now, polls: 1, call };
}

/** Sends again what the server names. */
function repair(state: State, problem: Problem, { now, jitter }: Moment): void {
  state.repairs += 1;
  let reopened = 0;
  for (const [role, numbers] of namedParts(problem)) reopened += state.files.get(role)?.reopen(numbers) ?? 0;
  if (state.repairs > state.rules.maxRepairs || reopened === 0) {
    return state.finish({ kind: "beyond_repair", detail: problem.detail });
  }
  state.hold = now + delay(state.rules.backoff, state.repairs, jitter);
  state.phase = { kind: "sending" };
}

export function polled(state: State, answer: Answer<AssetBody>, at: Moment): void {
  const { phase } = state;
  if (phase.kind !== "polling") return;
  if (answer.error) return failed(state, phase.call, answer.error, at);
  phase.polls += 1;
  phase.call.succeed();
  phase.call.retry.notBefore = at.now + delay(state.rules.poll, phase.polls, at.jitter);
  state.noteSuccess();
  state.asset = answer.ok;
  const end = verdict(answer.ok);
  if (end) return state.finish(end);
  if (at.now >= phase.since + state.rules.patienceMs) state.finish({ kind: "still_committing" });
}

/** How often the deletion of a cancelled upload is tried; what is left then expires by itself. */
const MAX_DELETIONS = 3;

export function deleted(state: State, answer: Answer<undefined>, at: Moment): void {
  const { phase } = state;
  if (phase.kind !== "cancelling") return;
  const { error } = answer;
  if (error?.mayPass && phase.call.retry.failures + 1 < MAX_DELETIONS) {
    return phase.call.fail(state.rules.backoff, error.retryAfterMs, at);
  }
  state.finish({ kind: "cancelled" });
}

/** How an upload has ended, if the asset shows that it has. */
function verdict(asset: AssetBody): Outcome | undefined {
  if (asset.status === CREATED) return { kind: "published", asset };
  for (const [role, { rejected }] of Object.entries(asset.files)) {
    if (!rejected) continue;
    const { code, detail, found } = rejected;
    return { kind: "rejected", role, reason: code, detail, found };
  }
  return undefined;
}

function rejection({ reason, code, role, detail, found }: Problem): Outcome {
  return { kind: "rejected", role, reason: reason ?? code, detail, found };
}

/** A file as the server describes it, with the URLs that came along. `undefined` if it is not the local one. */
function takeUp(body: FileBody, sizeBytes: number, marginMs: number, now: number): FileProgress | undefined {
  const { size = 0, upload } = body;
  const plan = upload ? PartPlan.restore(size, upload.part_size) : PartPlan.withPreferred(size);
  if (!plan || size !== sizeBytes || (upload && plan.partCount !== upload.part_count)) return undefined;
  const file = new FileProgress(plan);
  // Without `upload` there is nothing to upload any more: this file is committing or verified.
  if (upload) file.sign(upload.parts ?? [], marginMs, now);
  else file.close();
  return file;
}

/** The parts a problem names, missing or wrong, by role. */
function namedParts({ missing, wrong }: Problem): Map<string, number[]> {
  const named = new Map<string, number[]>();
  const add = (role: string, numbers: number[]) => named.set(role, [...(named.get(role) ?? []), ...numbers]);
  for (const { role, numbers } of missing ?? []) add(role, numbers);
  for (const { role, number } of wrong ?? []) add(role, [number]);
  return named;
}
