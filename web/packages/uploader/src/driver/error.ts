// How an upload fails, and what that means for its resumption.

import type { ApiError } from "../api/error.js";
import type { ErrorCode } from "../api/schema.js";
import type { Outcome } from "../session/words.js";

/** Why an upload was not published. Stable: programs switch on it, and there is a text for each in every language. */
export type UploadErrorCode =
  /** A file is empty, or too large for any store. */
  | "bad_size"
  /** Neither name nor type tells a kind of video or image that can be stored. */
  | "bad_type"
  /** A local file cannot be read: it was changed, moved or taken away since it was chosen. */
  | "unreadable"
  | Exclude<Outcome["kind"], "published">;

export interface UploadErrorFacts {
  role?: string | undefined;
  number?: number | undefined;
  /** `rejected`: the stable reason. */
  reason?: string | undefined;
  /** `rejected` for its content: the media type of what the file really is, if the server knows it. */
  found?: string | undefined;
  /** What was said last by whom it concerns, in English. */
  detail?: string | undefined;
  /** What the server answered. */
  cause?: ApiError | undefined;
  assetId?: string | undefined;
}

/** What can go on where it ended, rather than at the beginning. */
const RESUMABLE: UploadErrorCode[] = [
  "unreadable",
  "part_refused",
  "beyond_repair",
  "out_of_patience",
  "still_committing",
];
/** A request that was refused as such created nothing; another one needs another key. */
const REFUSED_AS_SUCH = [400, 404, 405, 410, 413, 415, 422];

export class UploadError extends Error {
  override readonly name = "UploadError";
  /** The stable code of the server's problem, if that is what it failed of. */
  readonly serverCode: ErrorCode | undefined;

  constructor(
    readonly code: UploadErrorCode,
    readonly facts: UploadErrorFacts = {},
  ) {
    const { cause, detail } = facts;
    super(detail ?? cause?.detail ?? code);
    this.serverCode = cause?.code;
  }

  /** Whether trying again goes on where this ended, rather than at the beginning. */
  get canResume(): boolean {
    const { assetId, cause } = this.facts;
    if (RESUMABLE.includes(this.code)) return true;
    if (this.code === "refused" && cause && !REFUSED_AS_SUCH.includes(cause.status ?? 0)) return true;
    return assetId !== undefined && (this.code === "rejected" || this.code === "refused");
  }
}

/** The error that an outcome is, if it is one. */
export function errorOf(outcome: Outcome, assetId: string | undefined): UploadError | undefined {
  if (outcome.kind === "published") return undefined;
  const { kind, error: cause, ...facts } = outcome as typeof outcome & { error?: ApiError };
  return new UploadError(kind, { ...facts, cause, assetId });
}
