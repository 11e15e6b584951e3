// Why a call gave no answer that can be used. Plain values, so that a session can be played through in a test. Holds no
// URL and no token.

import type { ErrorCode, Problem } from "./schema.js";

export interface ApiError {
  kind:
    | "unreachable" // Nobody answered: no connection, a broken one, or too late.
    | "problem" // The server said what is wrong.
    | "foreign" // Something answered with an error that is not Landfall's: a proxy, or another program.
    | "unintelligible"; // A success that cannot be understood.
  /** What happened, in English. */
  detail: string;
  /** Whether the same call may succeed later. */
  mayPass: boolean;
  status?: number;
  /** The stable code, if the server gave one. */
  code?: ErrorCode;
  problem?: Problem;
  /** How long the server asks to wait. */
  retryAfterMs?: number | undefined;
}

/** The answer to a call. */
export type Answer<T> = { ok: T; error?: never } | { ok?: never; error: ApiError };

/** Statuses of other programs after which the same call may succeed later. */
const WEATHER_STATUSES = [408, 425, 429, 500, 502, 503, 504];
/** A server may ask for patience, but not for an hour of silence. */
const MAX_RETRY_AFTER_MS = 5 * 60_000;

export function unreachable(detail: string): ApiError {
  return { kind: "unreachable", detail, mayPass: true };
}

/** Reads an answer that is no success. */
export function answered(status: number, text: string, retryAfterMs?: number): ApiError {
  try {
    const problem = JSON.parse(text) as Problem | null;
    if (problem?.code && problem.detail) {
      const { code, detail, retryable } = problem;
      return { kind: "problem", detail, mayPass: retryable, status, code, problem, retryAfterMs };
    }
  } catch {
    // Not JSON, so not ours.
  }
  const detail = `another program answered ${status}`;
  return { kind: "foreign", detail, mayPass: WEATHER_STATUSES.includes(status), status, retryAfterMs };
}

/** `Retry-After` in seconds. Its other form, a date, is left alone: our own backoff does as well. */
export function parseRetryAfter(text: string | null | undefined): number | undefined {
  if (!text || !/^\s*\d{1,9}\s*$/.test(text)) return undefined;
  return Math.min(Number(text) * 1000, MAX_RETRY_AFTER_MS);
}
