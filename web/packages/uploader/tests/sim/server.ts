// Landfall and its store, in memory, as the uploader meets them. Strict: what a real server would refuse is refused here, and
// what a good client never does throws.

import type { AnnounceRequest, AssetBody, CompleteRequest, CreateRequest, FileBody } from "../../src/api/schema.js";
import { PartPlan } from "../../src/session/plan.js";
import type { CallRequest, HttpAnswer } from "../../src/transport/transport.js";
import type { VirtualClock } from "./clock.js";
import type { Film } from "./film.js";

const MIB = 2 ** 20;
const PART_BYTES = 5 * MIB;
const URL_LIFE_MS = 10 * 60_000;
/** Few, so that every test asks for more. */
const FIRST_URLS = 2;
/** Small, so that every test pages. */
const PARTS_PER_PAGE = 3;

interface StoredFile {
  announced: AnnounceRequest;
  plan: PartPlan;
  /** What lies in the store: the bytes of the local file, by part. */
  parts: Map<number, { name: string; start: number; size: number }>;
  rejected?: { code: string; detail: string };
}

interface StoredAsset {
  id: string;
  request: CreateRequest;
  title: string;
  files: Map<string, StoredFile>;
  status: "UPLOADING" | "CREATED";
  isDeleted: boolean;
  hasExpired: boolean;
  /** Looks left until a slow commit is done. */
  looks?: number | undefined;
}

export class Server {
  readonly assets: StoredAsset[] = [];
  readonly calls: string[] = [];
  readonly #keys = new Map<string, { body: string; id: string }>();
  /** Parts that the client has been told of and that are there: it must not send them again. */
  readonly #known = new Set<string>();
  puts = 0;
  /** Commits take so many looks from now on. */
  slowCommits = 0;
  /** Roles whose next file is rejected. */
  readonly rejecting = new Set<string>();

  constructor(readonly clock: VirtualClock) {}

  get created(): StoredAsset[] {
    return this.assets.filter(({ status }) => status === "CREATED");
  }

  /** Every byte of a local file is there exactly once, in its place. */
  holds(asset: StoredAsset, role: string, film: Film): boolean {
    const file = asset.files.get(role);
    if (!file) return false;
    let end = 0;
    for (let number = 1; number <= file.plan.partCount; number += 1) {
      const part = file.parts.get(number);
      if (!part || part.name !== film.name || part.start !== end) return false;
      end += part.size;
    }
    return end === film.size && file.parts.size === file.plan.partCount;
  }

  /** Loses a part that has arrived, as no good store would. */
  lose(role: string, number: number): void {
    this.assets.at(-1)?.files.get(role)?.parts.delete(number);
  }

  call({ method, url, headers, body }: CallRequest): HttpAnswer {
    const { pathname, searchParams } = new URL(url);
    const [, , , id, , role, tail] = pathname.split("/");
    this.calls.push(`${method} ${pathname}`);
    if (headers.Authorization !== "Bearer secret-token") return problem(401, "unauthorized");
    const json = body === null ? undefined : JSON.parse(body);
    if (id === undefined) {
      if (method === "GET") return this.#list(searchParams);
      return this.#create(headers["Idempotency-Key"] ?? "", json, body ?? "");
    }
    const asset = this.assets.find((one) => one.id === id);
    if (!asset) return problem(404, "not_found");
    if (asset.isDeleted && method === "DELETE") return { status: 204, text: "" };
    if (asset.isDeleted) return problem(410, "gone", { reason: "deleted" });
    if (asset.hasExpired) return problem(410, "gone", { reason: "abandoned" });
    if (pathname.endsWith("/complete")) return this.#complete(asset, json);
    if (role === undefined) return this.#whole(asset, method, json);
    if (tail === "part-urls") return this.#sign(asset, role, json.numbers);
    if (tail === "parts") return this.#parts(asset, role, searchParams);
    return this.#file(asset, role, method, json);
  }

  put(url: string, body: Blob): HttpAnswer {
    const film = body as unknown as Film;
    const { pathname, searchParams } = new URL(url);
    const [, , id, role, number] = pathname.split("/") as [string, string, string, string, string];
    const file = this.assets.find((one) => one.id === id)?.files.get(role);
    this.puts += 1;
    if (this.clock.wall() >= Number(searchParams.get("expires"))) {
      return { status: 403, text: "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>" };
    }
    if (!file || this.#isClosed(id)) return { status: 404, text: "<Error><Code>NoSuchUpload</Code></Error>" };
    const expected = [file.plan.offsetOf(Number(number)), file.plan.lengthOf(Number(number))];
    if (film.start !== expected[0] || film.size !== expected[1]) throw new Error(`part ${number} has other bytes`);
    file.parts.set(Number(number), { name: film.name, start: film.start, size: film.size });
    return { status: 200, text: "" };
  }

  /** Whether the client has heard that this part arrived, and not that it is missing after all. */
  knows(url: string): boolean {
    const [, , id, role, number] = new URL(url).pathname.split("/");
    return this.#known.has(`${id} ${role} ${number}`);
  }

  /** The client has heard that a part arrived. */
  acknowledge(url: string): void {
    const [, , id, role, number] = new URL(url).pathname.split("/");
    this.#known.add(`${id} ${role} ${number}`);
  }

  #isClosed(id: string): boolean {
    const asset = this.assets.find((one) => one.id === id);
    return !asset || asset.isDeleted || asset.hasExpired || asset.status === "CREATED" || asset.looks !== undefined;
  }

  #list(query: URLSearchParams): HttpAnswer {
    const fits = (asset: StoredAsset) =>
      asset.request.fingerprint === query.get("fingerprint") &&
      asset.status === query.get("status") &&
      !asset.isDeleted &&
      !asset.hasExpired;
    return ok(200, {
      data: this.assets
        .filter(fits)
        .map((asset) => this.#body(asset))
        .reverse(),
    });
  }

  #create(key: string, request: CreateRequest, body: string): HttpAnswer {
    const known = this.#keys.get(key);
    if (known && known.body !== body) return problem(422, "idempotency_key_reused");
    let asset = this.assets.find(({ id }) => id === known?.id);
    if (asset?.isDeleted || asset?.hasExpired) return problem(410, "gone", { reason: "deleted" });
    if (!asset) {
      const id = `ast_${this.assets.length.toString(10).padStart(26, "0")}`;
      const files = new Map(Object.entries(request.files).map(([role, file]) => [role, stored(file)]));
      asset = { id, request, title: request.title, files, status: "UPLOADING", isDeleted: false, hasExpired: false };
      this.assets.push(asset);
      this.#keys.set(key, { body, id });
    }
    return ok(201, this.#body(asset, FIRST_URLS));
  }

  #whole(asset: StoredAsset, method: string, json: CompleteRequest): HttpAnswer {
    if (method === "DELETE") {
      asset.isDeleted = true;
      return { status: 204, text: "" };
    }
    if (method === "PATCH") asset.title = json.title ?? asset.title;
    if (method === "GET" && asset.looks !== undefined) {
      asset.looks -= 1;
      if (asset.looks <= 0) this.#publish(asset);
    }
    return ok(200, this.#body(asset));
  }

  #file(asset: StoredAsset, role: string, method: string, json: AnnounceRequest): HttpAnswer {
    const before = asset.files.get(role);
    if (method === "DELETE") {
      asset.files.delete(role);
      this.#forget(asset, role);
      return { status: 204, text: "" };
    }
    if (before && !before.rejected) return problem(409, "role_occupied");
    asset.files.set(role, stored(json));
    this.#forget(asset, role);
    return ok(200, this.#body(asset, FIRST_URLS));
  }

  #forget(asset: StoredAsset, role: string): void {
    for (const part of this.#known) if (part.startsWith(`${asset.id} ${role} `)) this.#known.delete(part);
  }

  #sign(asset: StoredAsset, role: string, numbers: number[]): HttpAnswer {
    const file = asset.files.get(role);
    if (!file || this.#isClosed(asset.id)) return problem(409, "upload_closed");
    if (new Set(numbers).size !== numbers.length || numbers.some((n) => !file.plan.has(n)))
      throw new Error("bad numbers");
    return ok(200, { parts: numbers.map((number) => this.#url(asset, role, file, number)) });
  }

  #parts(asset: StoredAsset, role: string, query: URLSearchParams): HttpAnswer {
    const file = asset.files.get(role);
    if (!file || this.#isClosed(asset.id)) return problem(409, "upload_closed");
    for (let n = 1; n <= file.plan.partCount; n += 1) {
      // What was acknowledged and lost is seen to be missing here.
      if (!file.parts.has(n)) this.#known.delete(`${asset.id} ${role} ${n}`);
    }
    const after = Number(query.get("cursor") ?? 0);
    const rest = [...file.parts].filter(([number]) => number > after).sort(([a], [b]) => a - b);
    const data = rest.slice(0, PARTS_PER_PAGE).map(([number, { size }]) => ({ number, size, etag: "e" }));
    return ok(200, { data, ...(rest.length > PARTS_PER_PAGE ? { next_cursor: `${data.at(-1)?.number}` } : {}) });
  }

  #complete(asset: StoredAsset, request: CompleteRequest): HttpAnswer {
    if (asset.status === "CREATED") return ok(200, this.#body(asset));
    if (asset.looks !== undefined) return ok(202, this.#body(asset));
    const missing = [];
    for (const [role, { plan, parts, rejected }] of asset.files) {
      if (rejected) return problem(422, "upload_rejected", { role, reason: rejected.code });
      const numbers = Array.from({ length: plan.partCount }, (_, i) => i + 1).filter((number) => !parts.has(number));
      for (const number of numbers) this.#known.delete(`${asset.id} ${role} ${number}`);
      if (numbers.length > 0) missing.push({ role, numbers });
    }
    if (missing.length > 0) return problem(409, "upload_incomplete", { missing });
    for (const [role, file] of asset.files) {
      if (!this.rejecting.delete(role)) continue;
      file.rejected = { code: "content_mismatch", detail: "not what it says" };
      return problem(422, "upload_rejected", { role, reason: "content_mismatch" });
    }
    asset.title = request.title ?? asset.title;
    if (this.slowCommits > 0) {
      asset.looks = this.slowCommits;
      return ok(202, this.#body(asset));
    }
    this.#publish(asset);
    return ok(200, this.#body(asset));
  }

  #publish(asset: StoredAsset): void {
    asset.status = "CREATED";
    asset.looks = undefined;
  }

  #url(asset: StoredAsset, role: string, { plan }: StoredFile, number: number) {
    const expires = this.clock.wall() + URL_LIFE_MS;
    return {
      number,
      size: plan.lengthOf(number),
      url: `http://store/bucket/${asset.id}/${role}/${number}?expires=${expires}`,
      headers: {},
      expires_at: new Date(expires).toISOString(),
    };
  }

  #body(asset: StoredAsset, urls = 0): AssetBody {
    const file = ([role, stored]: [string, StoredFile]): [string, FileBody] => {
      const { announced, plan, rejected } = stored;
      const numbers = Array.from({ length: Math.min(plan.partCount, urls) }, (_, index) => index + 1);
      const parts = numbers.map((number) => this.#url(asset, role, stored, number));
      const isOpen = !this.#isClosed(asset.id) && !rejected;
      const upload = { part_size: plan.partBytes, part_count: plan.partCount, parts };
      const { file_name, content_type, checksum } = announced;
      const body = { size: plan.sizeBytes, file_name, content_type, visibility: "private", verified: [] };
      return [
        role,
        { ...body, ...(checksum && { checksum }), ...(isOpen && { upload }), ...(rejected && { rejected }) },
      ];
    };
    const { id, title, status } = asset;
    const plain = {
      collection: "videos",
      owner: "42",
      description: "",
      metadata: {},
      created_at: "2026-01-01T00:00:00Z",
    };
    return { ...plain, id, title, status, files: Object.fromEntries([...asset.files].map(file)) };
  }
}

function stored(announced: AnnounceRequest): StoredFile {
  const plan = PartPlan.withPreferred(announced.size ?? 0, PART_BYTES);
  if (!plan) throw new Error("an empty file is announced");
  return { announced, plan, parts: new Map() };
}

function ok(status: number, body: unknown): HttpAnswer {
  return { status, text: JSON.stringify(body) };
}

export function problem(status: number, code: string, more: object = {}): HttpAnswer {
  const retryable = status === 429 || status >= 500;
  const body = { code, status, detail: code, message: code, retryable, request_id: "req_1", ...more };
  return { status, text: JSON.stringify(body), retryAfter: retryable ? "3" : undefined };
}
