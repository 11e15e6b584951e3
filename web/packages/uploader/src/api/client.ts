// A typed client of the calls that an upload makes. One method per call; none retries: whether and when to try again is the
// session's decision. *Invariant*: the token goes to the API's own address only, and into no error.

import type { Clock } from "../driver/clock.js";
import type { CallRequest, HttpAnswer, Transport } from "../transport/transport.js";
import { type Answer, type ApiError, answered, parseRetryAfter, unreachable } from "./error.js";
import type {
  AnnounceRequest,
  AssetBody,
  AssetPage,
  CompleteRequest,
  CreateRequest,
  PartBody,
  PartPage,
  PartUrlBody,
  PartUrlsBody,
  PatchRequest,
} from "./schema.js";

/** A call answers within this: it signs, lists or writes a row. */
const CALL_LIMIT_MS = 30_000;
/** `complete` holds the answer back for at most 25 s while it commits; the rest is for the way. */
const COMPLETE_LIMIT_MS = 60_000;
/** Pages of one part listing: 10,000 parts by 1,000, with room for smaller pages. */
const MAX_PAGES = 1_000;

/** Gives the bearer token for the next call. `refused`: the server has just refused the one given before. */
export type TokenSource = string | ((refused: boolean) => string | Promise<string>);

export interface ApiOptions {
  /** The server's address; it may have a path, under which `/v1` is looked for. Empty: the page's own origin. */
  server: string;
  collection: string;
  /** None: the browser's cookies speak for the owner. */
  token: TokenSource | undefined;
  transport: Transport;
  clock: Clock;
}

interface Call {
  method?: string;
  path: string[];
  query?: Record<string, string | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  limitMs?: number;
}

export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** The address, always the same for the same server. */
  get server(): string {
    return this.#options.server.replace(/\/+$/, "");
  }

  get collection(): string {
    return this.#options.collection;
  }

  /** Creates an asset. The same key and request again give the same asset, so it may be repeated after a lost answer. */
  create(idempotencyKey: string, body: CreateRequest, signal?: AbortSignal): Promise<Answer<AssetBody>> {
    return this.#ask({ method: "POST", path: [], body, headers: { "Idempotency-Key": idempotencyKey } }, signal);
  }

  show(id: string, signal?: AbortSignal): Promise<Answer<AssetBody>> {
    return this.#ask({ path: [id] }, signal);
  }

  /** The owner's assets, newest first. */
  list(
    query: { status?: string; q?: string; fingerprint?: string; limit?: number; cursor?: string },
    signal?: AbortSignal,
  ): Promise<Answer<AssetPage>> {
    const { limit, ...rest } = query;
    return this.#ask({ path: [], query: { ...rest, limit: limit?.toString() } }, signal);
  }

  /** Signs parts: 1 to 10,000 numbers of the file's plan, each once. */
  async partUrls(id: string, role: string, numbers: number[], signal?: AbortSignal): Promise<Answer<PartUrlBody[]>> {
    const path = [id, "files", role, "part-urls"];
    const { ok, error } = await this.#ask<PartUrlsBody>({ method: "POST", path, body: { numbers } }, signal);
    return error ? { error } : { ok: ok.parts };
  }

  /** What has arrived of a file, all pages. */
  async parts(id: string, role: string, signal?: AbortSignal): Promise<Answer<PartBody[]>> {
    const parts: PartBody[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const path = [id, "files", role, "parts"];
      const { ok, error } = await this.#ask<PartPage>({ path, query: { cursor } }, signal);
      if (error) return { error };
      parts.push(...ok.data);
      cursor = ok.next_cursor;
      if (!cursor) return { ok: parts };
    }
    return unintelligible("the list of parts does not end");
  }

  /** Asks the server to check and commit. The asset comes back `CREATED`, or still `UPLOADING` if it takes longer. */
  complete(id: string, body: CompleteRequest, signal?: AbortSignal): Promise<Answer<AssetBody>> {
    return this.#ask({ method: "POST", path: [id, "complete"], body, limitMs: COMPLETE_LIMIT_MS }, signal);
  }

  /** Changes title, description or metadata. */
  patch(id: string, body: PatchRequest, signal?: AbortSignal): Promise<Answer<AssetBody>> {
    return this.#ask({ method: "PATCH", path: [id], body }, signal);
  }

  /** Cancels an upload or deletes a published asset. Repeating succeeds. */
  delete(id: string, signal?: AbortSignal): Promise<Answer<undefined>> {
    return this.#ask({ method: "DELETE", path: [id] }, signal);
  }

  /** Announces a file for a role: again after a rejection, or an optional one later. */
  announce(id: string, role: string, body: AnnounceRequest, signal?: AbortSignal): Promise<Answer<AssetBody>> {
    return this.#ask({ method: "PUT", path: [id, "files", role], body }, signal);
  }

  /** Withdraws the file of an optional role. */
  withdraw(id: string, role: string, signal?: AbortSignal): Promise<Answer<undefined>> {
    return this.#ask({ method: "DELETE", path: [id, "files", role] }, signal);
  }

  async #ask<T>(call: Call, signal?: AbortSignal): Promise<Answer<T>> {
    const limit = new AbortController();
    const stop = () => limit.abort();
    const cancelTimer = this.#options.clock.after(call.limitMs ?? CALL_LIMIT_MS, stop);
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    try {
      return await this.#askOnce<T>(call, limit.signal);
    } catch {
      // What a browser says of a failed request is the same for all reasons, and may name the URL.
      const detail = limit.signal.aborted ? "no answer in time" : "the server cannot be reached";
      return { error: unreachable(detail) };
    } finally {
      cancelTimer();
      signal?.removeEventListener("abort", stop);
    }
  }

  async #askOnce<T>(call: Call, signal: AbortSignal): Promise<Answer<T>> {
    const { transport, token } = this.#options;
    let answer = await transport.call(await this.#request(call, signal, false));
    // A token that is fetched each time may have died on the way; one that is fixed will not get better.
    if (answer.status === 401 && typeof token === "function") {
      answer = await transport.call(await this.#request(call, signal, true));
    }
    return read<T>(answer);
  }

  async #request(call: Call, signal: AbortSignal, refused: boolean): Promise<CallRequest> {
    const { token } = this.#options;
    const bearer = typeof token === "function" ? await token(refused) : token;
    return {
      method: call.method ?? "GET",
      url: this.#url(call),
      signal,
      headers: {
        ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}),
        ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...call.headers,
      },
      body: call.body === undefined ? null : JSON.stringify(call.body),
    };
  }

  #url({ path, query }: Call): string {
    const segments = ["v1", this.collection, ...path].map(encodeURIComponent);
    const pairs = Object.entries(query ?? {}).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const text = new URLSearchParams(pairs).toString();
    return `${this.server}/${segments.join("/")}${text ? `?${text}` : ""}`;
  }
}

function read<T>({ status, text, retryAfter }: HttpAnswer): Answer<T> {
  if (status < 200 || status > 299) return { error: answered(status, text, parseRetryAfter(retryAfter)) };
  if (text === "") return { ok: undefined as T };
  try {
    return { ok: JSON.parse(text) as T };
  } catch {
    return unintelligible("an answer that is not JSON");
  }
}

function unintelligible(detail: string): { error: ApiError } {
  return { error: { kind: "unintelligible", detail, mayPass: false } };
}
