// Plays the cases of `vectors/sessions.json` (its README tells their language) against a session.

import { type Answer, type ApiError, answered, unreachable } from "../src/api/error.js";
import type { AssetBody, FileBody, PartBody, PartUrlBody, Problem } from "../src/api/schema.js";
import { Session } from "../src/session/session.js";
import type { Action, Opening, Outcome, PartFailure, SessionEvent } from "../src/session/words.js";

/** `vectors/sessions.json`. */
export interface SessionVectors {
  rules: VectorRules;
  cases: VectorCase[];
}

export interface VectorRules {
  parallel: number;
  batch: number;
  patience_ms: number;
  max_refusals: number;
  max_repairs: number;
  backoff_ms: [number, number];
  url_margin_ms: number;
  poll_ms: [number, number];
}

export interface VectorCase {
  name: string;
  sizes: Record<string, number>;
  opening: Opening;
  /** What differs from the rules of all cases. */
  rules?: Partial<VectorRules>;
  assets: Record<string, VectorAsset>;
  steps: VectorStep[];
}

interface VectorAsset {
  id?: string;
  status: string;
  files: Record<string, Partial<FileBody> & { size: number; signed?: VectorUrl[] }>;
}

type VectorUrl = [number: number, sizeBytes: number, url: string, expiresMs: number];

interface VectorError {
  unreachable?: string;
  foreign?: number;
  problem?: Partial<Problem>;
  retry_after_ms?: number;
}

export interface VectorStep {
  at: number;
  hear?: Record<string, unknown>;
  jitter?: number;
  expect: string[];
}

/** What the session wants after each step, in the vectors' language. */
export function play(vector: VectorCase, common: VectorRules): string[][] {
  const rules = { ...common, ...vector.rules };
  const backoff = ([firstMs, capMs]: [number, number]) => ({ firstMs, capMs });
  const session = new Session({
    sizes: vector.sizes,
    opening: vector.opening,
    sums: "awaited",
    rules: {
      parallel: { min: rules.parallel, start: rules.parallel, max: rules.parallel },
      batch: rules.batch,
      patienceMs: rules.patience_ms,
      maxRefusals: rules.max_refusals,
      maxRepairs: rules.max_repairs,
      backoff: backoff(rules.backoff_ms),
      urlMarginMs: rules.url_margin_ms,
      poll: backoff(rules.poll_ms),
    },
  });
  return vector.steps.map(({ at, hear, jitter }) => {
    if (hear) session.onEvent(readEvent(hear, vector), at, jitter ?? 0);
    return drain(session, at);
  });
}

/** Every action until there is none. */
function drain(session: Session, now: number): string[] {
  const actions: string[] = [];
  for (;;) {
    const action = session.nextAction(now);
    actions.push(write(action));
    if (action.kind === "wait" || action.kind === "finish") return actions;
  }
}

function write(action: Action): string {
  switch (action.kind) {
    case "resume":
      return "show";
    case "list":
      return `list ${action.role}`;
    case "sign":
      return `sign ${action.role} ${action.numbers.join(",")}`;
    case "send": {
      const { role, number, offsetBytes, sizeBytes, url } = action.ticket;
      return `send ${role} ${number} ${offsetBytes}+${sizeBytes} ${url}`;
    }
    case "complete": {
      const sums = Object.entries(action.checksums).sort(([a], [b]) => (a < b ? -1 : 1));
      return `complete ${sums.map(([role, sum]) => `${role}=${sum}`).join(" ")}`;
    }
    case "wait":
      return action.until === undefined ? "wait" : `wait ${Math.floor(action.until)}`;
    case "finish":
      return `finish ${writeOutcome(action.outcome)}`;
    default:
      return action.kind;
  }
}

function writeOutcome(outcome: Outcome): string {
  if (outcome.kind === "rejected") return `rejected ${outcome.role ?? "-"} ${outcome.reason}`;
  if (outcome.kind === "part_refused") return `part_refused ${outcome.role} ${outcome.number}`;
  return outcome.kind;
}

function readEvent(hear: Record<string, unknown>, vector: VectorCase): SessionEvent {
  const [word, value] = Object.entries(hear)[0] as [string, never];
  const role = value as string;
  const error = hear.error as VectorError | undefined;
  const asset = (): Answer<AssetBody> => (error ? { error: readError(error) } : { ok: readAsset(value, vector) });
  switch (word) {
    case "opened":
      return { kind: "opened", answer: asset() };
    case "completed":
      return { kind: "completed", answer: asset() };
    case "polled":
      return { kind: "polled", answer: asset() };
    case "summed":
      return { kind: "summed", role, value: hear.value as string };
    case "listed": {
      const parts = (hear.parts as Array<[number, number]> | undefined)?.map(([number, size]): PartBody => ({
        number,
        size,
        etag: "e",
      }));
      return { kind: "listed", role, answer: error ? { error: readError(error) } : { ok: parts ?? [] } };
    }
    case "signed": {
      const parts = (hear.parts as VectorUrl[] | undefined)?.map(readUrl) ?? [];
      return { kind: "signed", role, answer: error ? { error: readError(error) } : { ok: parts } };
    }
    case "part": {
      const failure = readFailure(hear);
      return { kind: "partEnded", role, number: hear.number as number, ...(failure ? { failure } : {}) };
    }
    default:
      throw new Error(`the vectors' language has no ${word}`);
  }
}

function readFailure(hear: Record<string, unknown>): PartFailure | undefined {
  if (typeof hear.refused === "string") return { kind: "refused", detail: hear.refused };
  if (typeof hear.weather !== "string") return undefined;
  const wish = hear.retry_after_ms;
  return { kind: "weather", detail: hear.weather, ...(typeof wish === "number" ? { retryAfterMs: wish } : {}) };
}

function readUrl([number, size, url, expiresMs]: VectorUrl): PartUrlBody {
  return { number, size, url, headers: {}, expires_at: new Date(expiresMs).toISOString() };
}

function readError({ unreachable: detail, foreign, problem, retry_after_ms }: VectorError): ApiError {
  if (detail !== undefined) return unreachable(detail);
  if (foreign !== undefined) return answered(foreign, "", retry_after_ms);
  const plain = { type: "", title: "", detail: "d", instance: "", message: "", request_id: "" };
  return answered(problem?.status ?? 0, JSON.stringify({ ...plain, ...problem }), retry_after_ms);
}

function readAsset(name: string, vector: VectorCase): AssetBody {
  const asset = vector.assets[name];
  if (!asset) throw new Error(`the case has no asset ${name}`);
  const files = Object.entries(asset.files).map(([role, { signed, upload, ...file }]): [string, FileBody] => [
    role,
    {
      file_name: "f",
      content_type: "video/mp4",
      visibility: "private",
      verified: [],
      ...file,
      ...(upload ? { upload: { ...upload, parts: (signed ?? []).map(readUrl) } } : {}),
    },
  ]);
  return {
    id: asset.id ?? "ast_0000000000e1g00000000000a0",
    collection: "videos",
    owner: "42",
    status: asset.status,
    title: "t",
    description: "",
    metadata: {},
    created_at: new Date(0).toISOString(),
    files: Object.fromEntries(files),
  };
}
