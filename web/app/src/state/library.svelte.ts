// The person's videos: pages of them, filtered, and kept fresh by what the server tells.

import type { ApiError, AssetBody } from "@landfall/uploader";
import { type AssetEvent, follow } from "./events";
import { notices } from "./notices.svelte";
import { session } from "./session.svelte";
import { settings } from "./settings.svelte";
import { uploads } from "./uploads.svelte";

export const COLLECTION = "videos";
/** A screen or two of cards. */
const PAGE = 24;
const MAX_PAGE = 100;
/** A search begins when somebody pauses typing. */
const TYPING_MS = 250;

export type Filter = "" | "CREATED" | "UPLOADING";

export class Library {
  list: AssetBody[] = $state.raw([]);
  error: ApiError | undefined = $state.raw();
  /** Nothing is known yet. */
  isFirst = $state(true);
  isLoading = $state(false);
  isLive = $state(false);
  query = $state("");
  filter: Filter = $state("");
  #cursor: string | undefined = $state();
  #running: AbortController | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;

  get hasMore(): boolean {
    return this.#cursor !== undefined;
  }

  get isFiltered(): boolean {
    return this.query.trim() !== "" || this.filter !== "";
  }

  /** Follows what happens until the function that it gives is called. */
  watch(): () => void {
    const stop = follow({
      onevent: (event) => void this.#heard(event),
      onbegin: () => void this.reload(),
      onstate: (isLive) => (this.isLive = isLive),
    });
    // Where events do not come through, the list is there all the same.
    void this.reload();
    return () => {
      stop();
      clearTimeout(this.#typing);
      this.#running?.abort();
    };
  }

  typed(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.restart(), TYPING_MS);
  }

  show(filter: Filter): void {
    this.filter = filter;
    void this.restart();
  }

  showAll(): void {
    this.query = "";
    this.show("");
  }

  /** From the top. */
  restart(): Promise<void> {
    return this.#load("replace", PAGE);
  }

  /** The same as before, fresh: as many as are shown. */
  reload(): Promise<void> {
    return this.#load("replace", Math.min(Math.max(this.list.length, PAGE), MAX_PAGE));
  }

  async more(): Promise<void> {
    if (this.hasMore && !this.isLoading) await this.#load("append", PAGE);
  }

  async patch(id: string, words: { title: string; description: string }): Promise<ApiError | undefined> {
    const { ok, error } = await session.client.patch(COLLECTION, id, words);
    if (ok) this.list = this.list.map((asset) => (asset.id === id ? ok : asset));
    return error;
  }

  async remove(id: string): Promise<ApiError | undefined> {
    const { error } = await session.client.delete(COLLECTION, id);
    if (!error) this.#drop(id);
    return error;
  }

  async #load(how: "replace" | "append", limit: number): Promise<void> {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.isLoading = true;
    const cursor = how === "append" ? this.#cursor : undefined;
    const query = { limit, cursor, status: this.filter, q: this.query.trim() };
    const { ok, error } = await session.client.assets(COLLECTION, query, running.signal);
    // A newer question has been asked meanwhile.
    if (running !== this.#running || running.signal.aborted) return;
    this.isLoading = false;
    this.isFirst = false;
    this.error = error;
    if (!ok) return;
    const known = new Set(how === "append" ? this.list.map(({ id }) => id) : []);
    const fresh = ok.data.filter(({ id }) => !known.has(id));
    this.list = how === "append" ? [...this.list, ...fresh] : fresh;
    this.#cursor = ok.next_cursor;
  }

  async #heard({ type, asset_id: id }: AssetEvent): Promise<void> {
    if (type === "asset.progress") return;
    if (type === "asset.deleted" || type === "asset.expired") return this.#drop(id);
    const { ok: asset } = await session.client.asset(COLLECTION, id);
    if (!asset) return;
    const isShown = this.list.some((one) => one.id === id);
    if (isShown) this.list = this.list.map((one) => (one.id === id ? asset : one));
    else void this.reload();
    // What this page uploads is told by the uploads.
    if (type === "asset.created" && !uploads.find(id)) notices.tell(settings.t.library.appeared(asset.title));
  }

  #drop(id: string): void {
    this.list = this.list.filter((asset) => asset.id !== id);
  }
}
