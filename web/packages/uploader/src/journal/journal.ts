// Where unfinished uploads are remembered, so that a reload costs nothing.
//
// An entry is written before the asset is created, so that it holds the Idempotency-Key: a reload between the server's answer
// and our writing it down repeats the request with the same key and gets the same asset. *Invariants*: an entry holds no
// URL and no token; a journal that fails costs the memory, never the upload.

import type { CreateRequest } from "../api/schema.js";

/** One unfinished upload. */
export interface Entry {
  /** Server, collection, account and fingerprint: what the same file finds it by. Another one of the same content has more pluses. */
  key: string;
  server: string;
  collection: string;
  /** Sent with the request that creates the asset, and with its repetition. */
  idempotencyKey: string;
  /** The request itself: a repetition must be the same. Its file names tell a person which file to choose again. */
  request: CreateRequest;
  /** The asset, once the server has named it. */
  assetId?: string;
  /** When the upload was begun, by the wall clock. */
  begunAt: number;
}

/** All methods may reject; the caller then goes on without a memory. */
export interface Journal {
  write(entry: Entry): Promise<void>;
  forget(key: string): Promise<void>;
  /** All entries, the newest first. */
  list(): Promise<Entry[]>;
}

/** What is older cannot be resumed: the server keeps an upload at most 7 days, and a day is for clocks. */
export const KEPT_FOR_MS = 8 * 24 * 3600 * 1000;
