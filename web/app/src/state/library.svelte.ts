// The person's videos: pages of them, filtered, and kept fresh by what the server tells.

import type { ApiError, AssetBody } from "@landfall/uploader";
import { type Order, ordered, parseOrder } from "../logic/order";
import { type AssetEvent, events } from "./events.svelte";
import { place } from "./place.svelte";
import { session } from "./session.svelte";

export const COLLECTION = "videos";
/** A screen or two of cards. */
const PAGE = 24;
const MAX_PAGE = 100;
/** Another order than the newest first needs all of them at once: twenty pages are asked for, and no more. */
const MAX_ORDERED = 2_000;
/** A search begins when somebody pauses typing. */
const TYPING_MS = 250;

const FILTERS = ["", "CREATED", "UPLOADING"] as const;
export type Filter = (typeof FILTERS)[number];

export class Library {
  list: AssetBody[] = $state.raw([]);
  error: ApiError | undefined = $state.raw();
  /** Nothing is known yet. */
  isFirst = $state(true);
  isLoading = $state(false);
  query = $state("");
  filter: Filter = $state("");
  order: Order = $state("");
  #cursor: string | undefined = $state();
  #running: AbortController | undefined;
  #typing: ReturnType<typeof setTimeout> | undefined;

  get hasMore(): boolean {
    return this.#cursor !== undefined && this.order === "";
  }

  /** Whether there are more than are put in order. */
  get isCut(): boolean {
    return this.#cursor !== undefined && this.order !== "";
  }

  get isFiltered(): boolean {
    return this.query.trim() !== "" || this.filter !== "";
  }

  /** Follows what happens until the function that it gives is called. */
  watch(): () => void {
    const stop = events.follow({
      onevent: (event) => void this.#heard(event),
      onbegin: () => void this.reload(),
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
    this.#typing = setTimeout(() => this.#ask(), TYPING_MS);
  }

  show(filter: Filter): void {
    this.filter = filter;
    this.#ask();
  }

  arrange(order: Order): void {
    this.order = order;
    this.#ask();
  }

  showAll(): void {
    this.query = "";
    this.show("");
  }

  /** The address says what is shown: it may be kept, or come from a link. */
  followAddress(): void {
    const { route } = place;
    if (route.page !== "library") return;
    const [filter, query] = [FILTERS.find((one) => one === route.status) ?? "", route.q ?? ""];
    const order = parseOrder(route.sort);
    if (filter === this.filter && query === this.query.trim() && order === this.order) return;
    [this.filter, this.query, this.order] = [filter, query, order];
    void this.restart();
  }

  #ask(): void {
    place.replace({ page: "library", status: this.filter, q: this.query.trim(), sort: this.order });
    void this.restart();
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

  /** One of them has been changed. */
  replace(changed: AssetBody): void {
    this.list = this.list.map((asset) => (asset.id === changed.id ? changed : asset));
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
    const { order } = this;
    const query = { limit: order === "" ? limit : MAX_PAGE, cursor, status: this.filter, q: this.query.trim() };
    let { ok, error } = await session.client.assets(COLLECTION, query, running.signal);
    const found = ok?.data ?? [];
    // A search looks at some thousands of videos at a time: an empty page may be followed by another.
    const isEnough = () => (order === "" ? found.length > 0 : found.length >= MAX_ORDERED);
    while (ok?.next_cursor !== undefined && !isEnough() && running === this.#running) {
      const further = { ...query, cursor: ok.next_cursor };
      ({ ok, error } = await session.client.assets(COLLECTION, further, running.signal));
      found.push(...(ok?.data ?? []));
    }
    // A newer question has been asked meanwhile.
    if (running !== this.#running || running.signal.aborted) return;
    this.isLoading = false;
    this.isFirst = false;
    this.error = error;
    if (!ok) return;
    const known = new Set(how === "append" ? this.list.map(({ id }) => id) : []);
    const fresh = ordered(found, order).filter(({ id }) => !known.has(id));
    this.list = how === "append" ? [...this.list, ...fresh] : fresh;
    this.#cursor = ok.next_cursor;
  }

  async #heard({ type, asset_id: id }: AssetEvent): Promise<void> {
    if (type === "asset.progress") return;
    if (type === "asset.deleted" || type === "asset.expired") return this.#drop(id);
    const { ok: asset } = await session.client.asset(COLLECTION, id);
    if (!asset) return;
    const isShown = this.list.some((one) => one.id === id);
    if (isShown) this.replace(asset);
    else void this.reload();
  }

  #drop(id: string): void {
    this.list = this.list.filter((asset) => asset.id !== id);
  }
}
