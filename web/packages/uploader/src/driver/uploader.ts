// The way in: what all uploads of a page share.

import { Api, type TokenSource } from "../api/client.js";
import { IndexedDbJournal } from "../journal/indexed-db.js";
import type { Entry, Journal } from "../journal/journal.js";
import { DEFAULT_RULES, type Rules } from "../session/words.js";
import { BrowserTransport } from "../transport/browser.js";
import type { Transport } from "../transport/transport.js";
import { type Clock, HOST_CLOCK } from "./clock.js";
import { HOST_NETWORK, type Network } from "./network.js";
import { entryKey, type UploadRequest } from "./request.js";
import type { Surroundings } from "./run.js";
import { Upload } from "./upload.js";

export interface UploaderOptions {
  /** The server's address, such as `https://uploads.example.com`. By default the page's own origin. */
  server?: string;
  /** A bearer token, or a function that gives one for each call. Without it the browser's cookies speak for the owner. */
  token?: TokenSource;
  /** By default `videos`. */
  collection?: string;
  /** Whose uploads are remembered, where several people use one browser: their account's id. */
  account?: string;
  /** `made` (the default): each file is read once more for its checksum, and the server compares. */
  sums?: "made" | "none";
  /** Whether cookies go along to another origin, as `fetch` understands it. */
  credentials?: RequestCredentials;
  /** What differs from the default rules. */
  rules?: Partial<Rules>;
  /** Other surroundings than the host's, for tests and for other hosts. */
  transport?: Transport;
  journal?: Journal;
  clock?: Clock;
  network?: Network;
  random?: () => number;
}

export class Uploader {
  /** The calls that an upload makes, for whoever wants to make one by hand. */
  readonly api: Api;
  readonly #around: Surroundings;
  readonly #account: string;
  readonly #sums: "made" | "none";

  constructor(options: UploaderOptions = {}) {
    const { server = "", collection = "videos", token, account = "", sums = "made" } = options;
    const transport = options.transport ?? new BrowserTransport(options.credentials);
    const clock = options.clock ?? HOST_CLOCK;
    this.api = new Api({ server, collection, token, transport, clock });
    this.#account = account;
    this.#sums = sums;
    this.#around = {
      api: this.api,
      transport,
      clock,
      random: options.random ?? hostRandom,
      journal: options.journal ?? new IndexedDbJournal(),
      claims: new Map(),
      network: options.network ?? HOST_NETWORK,
      rules: { ...DEFAULT_RULES, ...options.rules },
    };
  }

  /** An upload, not yet started. */
  upload(request: UploadRequest): Upload {
    return new Upload(this.#around, { ...request }, { account: this.#account, sums: this.#sums });
  }

  /**
   * What was begun in this browser and not finished, the newest first. Each goes on when an upload of the same file is
   * started; the entry's request tells the file's name.
   */
  async unfinished(): Promise<Entry[]> {
    const entries = await this.#around.journal.list().catch(() => []);
    const prefix = entryKey(this.api, this.#account, "");
    return entries.filter(({ key }) => key.startsWith(prefix));
  }

  /** Throws away what was begun in this browser and not finished, here and at the server. */
  async discard({ key, assetId }: Entry): Promise<void> {
    if (assetId) await this.api.delete(assetId);
    await this.#around.journal.forget(key).catch(() => {});
  }
}

/** Random numbers from 0 to 1. */
function hostRandom(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32;
}
