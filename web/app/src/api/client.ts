// The calls of the pages. One method per call; none retries. What an upload calls is the uploader's business.

import {
  answered,
  type Answer,
  type AssetBody,
  type AssetPage,
  type PatchRequest,
  unreachable,
} from "@landfall/uploader";
import type { FileUrlBody, PartBody, PartPage } from "@landfall/uploader";
import type * as contract from "./contract";

/** A call answers within this. Jobs list whole buckets and may take longer. */
const CALL_LIMIT_MS = 30_000;
const JOB_LIMIT_MS = 15 * 60_000;

type Query = Record<string, string | number | undefined>;

interface Call {
  method?: string;
  path: string[];
  query?: Query;
  body?: unknown;
  limitMs?: number;
}

export class Client {
  /** `server`: the API's address without a final slash; empty where it is the page's own origin. */
  constructor(
    readonly server: string,
    /** Told when the server says that nobody is signed in. */
    readonly onSignedOut: () => void = () => {},
    /** Told after each call whether anybody answered. */
    readonly onReached: (isReached: boolean) => void = () => {},
  ) {}

  /** Whether cookies have to be sent to another origin. */
  get credentials(): RequestCredentials {
    return this.server === "" ? "same-origin" : "include";
  }

  session(): Promise<Answer<contract.SessionBody>> {
    return this.#ask({ path: ["v1", "session"] });
  }

  signIn(proof: { code: string } | { token: string }): Promise<Answer<contract.SessionBody>> {
    return this.#ask({ method: "POST", path: ["v1", "session"], body: proof });
  }

  signOut(): Promise<Answer<undefined>> {
    return this.#ask({ method: "DELETE", path: ["v1", "session"] });
  }

  async collections(): Promise<Answer<contract.CollectionBody[]>> {
    const { ok, error } = await this.#ask<contract.CollectionList>({ path: ["v1", "collections"] });
    return error ? { error } : { ok: ok.data };
  }

  assets(collection: string, query: Query, signal?: AbortSignal): Promise<Answer<AssetPage>> {
    return this.#ask({ path: ["v1", collection], query }, signal);
  }

  asset(collection: string, id: string): Promise<Answer<AssetBody>> {
    return this.#ask({ path: ["v1", collection, id] });
  }

  patch(collection: string, id: string, body: PatchRequest): Promise<Answer<AssetBody>> {
    return this.#ask({ method: "PATCH", path: ["v1", collection, id], body });
  }

  delete(collection: string, id: string): Promise<Answer<undefined>> {
    return this.#ask({ method: "DELETE", path: ["v1", collection, id] });
  }

  fileUrl(collection: string, id: string, role: string, disposition?: "attachment"): Promise<Answer<FileUrlBody>> {
    return this.#ask({ path: ["v1", collection, id, "files", role, "url"], query: { disposition } });
  }

  /** What has arrived of a file: the first page, which holds a thousand parts. */
  async arrived(collection: string, id: string, role: string): Promise<Answer<PartBody[]>> {
    const path = ["v1", collection, id, "files", role, "parts"];
    const { ok, error } = await this.#ask<PartPage>({ path, query: { limit: 1000 } });
    return error ? { error } : { ok: ok.data };
  }

  grant(collection: string, id: string, ttl: number): Promise<Answer<contract.GrantBody>> {
    return this.#ask({ method: "POST", path: ["v1", collection, id, "grants"], body: { ttl } });
  }

  /** What a link for people without an account shows. */
  shared(token: string): Promise<Answer<contract.SharedBody>> {
    return this.#ask({ path: ["w", token] });
  }

  /** Where such a link's file is: an address for `video`, `img` and downloads, which is redirected to a signed one. */
  sharedFile(token: string, role: string, disposition?: "attachment"): string {
    return this.url({ path: ["w", token, role], query: { disposition } });
  }

  overview(samplesAfter?: string): Promise<Answer<contract.OverviewBody>> {
    return this.#ask({ path: ["v1", "admin", "overview"], query: { samples_after: samplesAfter } });
  }

  adminAssets(query: Query, signal?: AbortSignal): Promise<Answer<contract.AdminAssetPage>> {
    return this.#ask({ path: ["v1", "admin", "assets"], query }, signal);
  }

  adminAsset(id: string): Promise<Answer<contract.AdminAssetHistory>> {
    return this.#ask({ path: ["v1", "admin", "assets", id] });
  }

  /** Ends an owner's assets, so many in a call; `remaining` says whether there are more. */
  eraseOwner(owner: string): Promise<Answer<contract.ErasureBody>> {
    return this.#ask({ method: "DELETE", path: ["v1", "admin", "owners", owner], limitMs: JOB_LIMIT_MS });
  }

  /** What the caller has, and may have. */
  usage(): Promise<Answer<contract.UsageBody>> {
    return this.#ask({ path: ["v1", "usage"] });
  }

  reap(mode: "dry" | "real"): Promise<Answer<contract.ReapBody>> {
    return this.#job("POST", "reap", { dry_run: mode === "dry" });
  }

  reconcile(mode: "dry" | "real"): Promise<Answer<contract.ReconcileBody>> {
    return this.#job("POST", "reconcile", { dry_run: mode === "dry" });
  }

  audit(): Promise<Answer<contract.AuditBody>> {
    return this.#job("GET", "audit");
  }

  url({ path, query }: Pick<Call, "path" | "query">): string {
    const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== "");
    const text = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
    return `${this.server}/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
  }

  #job<T>(method: string, name: string, body?: unknown): Promise<Answer<T>> {
    return this.#ask({ method, path: ["v1", "admin", "jobs", name], body, limitMs: JOB_LIMIT_MS });
  }

  async #ask<T>(call: Call, signal?: AbortSignal): Promise<Answer<T>> {
    const limit = AbortSignal.timeout(call.limitMs ?? CALL_LIMIT_MS);
    const request: RequestInit = {
      method: call.method ?? "GET",
      credentials: this.credentials,
      redirect: "error",
      cache: "no-store",
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    };
    if (call.body !== undefined) {
      request.headers = { "Content-Type": "application/json" };
      request.body = JSON.stringify(call.body);
    }
    try {
      const answer = await fetch(this.url(call), request);
      const text = await answer.text();
      this.onReached(true);
      return this.#read<T>(answer, text, call);
    } catch {
      if (!signal?.aborted) this.onReached(false);
      return { error: unreachable(limit.aborted ? "no answer in time" : "the server cannot be reached") };
    }
  }

  #read<T>({ status, ok }: Response, text: string, call: Call): Answer<T> {
    if (status === 401 && call.path.at(-1) !== "session" && call.path[0] === "v1") this.onSignedOut();
    if (!ok) return { error: answered(status, text) };
    try {
      return { ok: (text === "" ? undefined : JSON.parse(text)) as T };
    } catch {
      return { error: { kind: "unintelligible", detail: "an answer that is not JSON", mayPass: false } };
    }
  }
}
