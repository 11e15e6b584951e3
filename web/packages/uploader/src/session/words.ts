// What a session says and hears: its rules, its actions, the events that answer them, and how it ends.

import type { Answer, ApiError } from "../api/error.js";
import type { AssetBody, PartBody, PartUrlBody } from "../api/schema.js";
import type { Bounds } from "./pace.js";
import type { Backoff } from "./retry.js";

/** How an upload behaves. */
export interface Rules {
  /** Parts in flight at once, over all files. */
  parallel: Bounds;
  /** Part URLs asked for at once. Few enough that none grows old unused on a slow line. */
  batch: number;
  /** How long nothing may work before the upload gives up. Time without a network does not count. */
  patienceMs: number;
  /** How often the store may refuse one part (an expired URL, a 4xx) before the upload gives up. */
  maxRefusals: number;
  /** How often `complete` may find parts missing or wrong before the upload gives up. */
  maxRepairs: number;
  /** Waits between tries. */
  backoff: Backoff;
  /** A URL is not used when it has less life left than this: a request takes time to start. */
  urlMarginMs: number;
  /** Waits between questions whether the commit is done. */
  poll: Backoff;
}

/** Browsers open at most six connections to one host over HTTP/1.1; more parts would only wait inside the browser. */
const BROWSER_CONNECTIONS = 6;

export const DEFAULT_RULES: Rules = {
  parallel: { min: 1, start: 3, max: BROWSER_CONNECTIONS },
  batch: 32,
  patienceMs: 60 * 60_000,
  maxRefusals: 6,
  maxRepairs: 5,
  backoff: { firstMs: 500, capMs: 30_000 },
  urlMarginMs: 60_000,
  poll: { firstMs: 1_000, capMs: 5_000 },
};

/**
 * How an upload begins: `create` asks for a new asset (the same Idempotency-Key again gives the same one), `resume` asks
 * what has become of a known one, `find` asks whether there is one by its fingerprint and creates it if not.
 */
export type Opening = "create" | "resume" | "find";

/** A part to send. `url` is a password. */
export interface Ticket {
  role: string;
  number: number;
  /** Where it begins in the local file. */
  offsetBytes: number;
  /** Its exact length. */
  sizeBytes: number;
  url: string;
  /** To be sent as given. */
  headers: Record<string, string>;
}

/**
 * What to do now. `create`, `resume`, `find`, `list`, `sign`, `send`, `complete`, `poll` and `delete` are each answered
 * by exactly one event, in any order.
 */
export type Action =
  | { kind: Opening }
  | { kind: "list"; role: string }
  | { kind: "sign"; role: string; numbers: number[] }
  | { kind: "send"; ticket: Ticket }
  /** Break off a part that is being sent. Its `partEnded` still comes. */
  | { kind: "abort"; role: string; number: number }
  | { kind: "complete"; checksums: Record<string, string> }
  | { kind: "poll" }
  /** Cancel the upload at the server. */
  | { kind: "delete" }
  /** Nothing to do before this time, or before the next event if there is no time. */
  | { kind: "wait"; until?: number | undefined }
  /** It is over. Every later question gets the same answer. */
  | { kind: "finish"; outcome: Outcome };

/** What happened. */
export type SessionEvent =
  /** The answer to the opening; no asset if `find` found none. */
  | { kind: "opened"; answer: Answer<AssetBody | undefined> }
  | { kind: "listed"; role: string; answer: Answer<PartBody[]> }
  | { kind: "signed"; role: string; answer: Answer<PartUrlBody[]> }
  /** A part was sent, or not. */
  | { kind: "partEnded"; role: string; number: number; failure?: PartFailure | undefined }
  /** A file has been read to its end; the value of its checksum. Comes by itself, once for each role. */
  | { kind: "summed"; role: string; value: string }
  | { kind: "completed"; answer: Answer<AssetBody> }
  | { kind: "polled"; answer: Answer<AssetBody> }
  | { kind: "deleted"; answer: Answer<undefined> }
  /** The person wants it to stop for now, to go on, or to be thrown away. */
  | { kind: "pause" }
  | { kind: "resume" }
  | { kind: "cancel" }
  /** The device has lost its network, or has one again. */
  | { kind: "offline" }
  | { kind: "online" }
  /** Time has jumped: the device slept. Connections are dead and URLs may be. */
  | { kind: "woke" };

/** Why a part did not arrive. */
export type PartFailure =
  /** Nobody answered, or the store is overloaded: it may work later with the same URL. */
  | { kind: "weather"; detail: string; retryAfterMs?: number | undefined }
  /** The store refused: the URL has expired, or something else is wrong with it. Another URL may help. */
  | { kind: "refused"; detail: string }
  /** We broke it off ourselves. */
  | { kind: "aborted" };

/** How it ended. */
export type Outcome =
  | { kind: "published"; asset: AssetBody }
  /** A file failed verification and was removed; final for that file. `found`: what it really is. */
  | { kind: "rejected"; role?: string | undefined; reason: string; detail: string; found?: string | undefined }
  /** The asset is not there any more: deleted or expired. */
  | { kind: "gone"; error: ApiError }
  /** The asset that was to be resumed is not there for this token: most likely it is another owner's. */
  | { kind: "unknown"; error: ApiError }
  /** The server refused for good. */
  | { kind: "refused"; error: ApiError }
  /** The store refused one part again and again. */
  | { kind: "part_refused"; role: string; number: number; detail: string }
  /** Parts were missing or wrong again and again at `complete`. */
  | { kind: "beyond_repair"; detail: string }
  /** Nothing has worked for longer than the patience. */
  | { kind: "out_of_patience"; detail: string }
  /** Everything has arrived, but the commit has taken longer than the patience. It may still succeed. */
  | { kind: "still_committing" }
  /** The server's words contradict the local files. */
  | { kind: "contradiction"; detail: string }
  /** Thrown away by the person. */
  | { kind: "cancelled" };
