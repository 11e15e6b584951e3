// How an upload looks from outside.

import type { AssetBody, ErrorCode } from "../api/schema.js";
import type { Session } from "../session/session.js";
import type { UploadError } from "./error.js";

export type UploadPhase =
  /** Not started. */
  | "new"
  /** Looking at the file, and asking whether the server knows it. */
  | "preparing"
  | "uploading"
  | "paused"
  /** Everything has arrived; the server checks it. */
  | "committing"
  | "published"
  | "failed"
  | "cancelling"
  | "cancelled";

export interface UploadState {
  phase: UploadPhase;
  /** Known once the server has named it. */
  assetId: string | undefined;
  /** Bytes of all files. */
  totalBytes: number;
  /** Bytes of parts that the store has acknowledged. */
  arrivedBytes: number;
  /** These and what has been handed to the network. A failed part takes its bytes back. */
  sentBytes: number;
  /** What had arrived before this page began. */
  resumedBytes: number;
  /** Smoothed; 0 while nothing is known. */
  bytesPerSecond: number;
  secondsLeft: number | undefined;
  partsInFlight: number;
  /** What does not work at the moment; it is tried again. */
  trouble:
    | {
        detail: string;
        /** The server's stable code, if it gave one. */
        serverCode: ErrorCode | undefined;
        failures: number;
        retryInMs: number;
        isOffline: boolean;
      }
    | undefined;
  /** The published asset. */
  asset: AssetBody | undefined;
  /** Why it has failed. */
  error: UploadError | undefined;
}

export const INITIAL_STATE = {
  phase: "new",
  totalBytes: 0,
  arrivedBytes: 0,
  sentBytes: 0,
  resumedBytes: 0,
  bytesPerSecond: 0,
  partsInFlight: 0,
} satisfies Partial<UploadState> as UploadState;

/** The phase of a living run. */
export function phaseOf({ phase, isPaused }: Session): UploadPhase {
  if (phase === "cancelling") return phase;
  if (isPaused) return "paused";
  return phase === "opening" ? "preparing" : phase === "sending" ? "uploading" : "committing";
}
