// All uploads of this page. They go on while other pages are shown; whose turn it is, is decided here.

import { Uploader } from "@landfall/uploader";
import { refusalOf, type Refusal } from "../logic/limits";
import { type Beginning, Item } from "./item.svelte";
import { limits } from "./limits.svelte";
import { notices } from "./notices.svelte";
import { place } from "./place.svelte";
import { session } from "./session.svelte";
import { settings } from "./settings.svelte";

/** Videos on their way at once. Each sends several parts, and browsers open six connections to a host. */
const AT_ONCE = 2;

export interface Refused {
  name: string;
  size: number;
  /** `noVideos`: a folder that holds none. */
  why: Refusal | "already" | "noVideos";
}

class Uploads {
  items: Item[] = $state([]);
  refused: Refused[] = $state.raw([]);
  /** Grows whenever something was begun, published or thrown away: what lists uploads looks again. */
  turns = $state(0);
  #next = 1;
  #uploader: { of: string; uploader: Uploader } | undefined;

  get active(): Item[] {
    return this.items.filter((item) => item.isMoving || item.stage === "poster" || item.stage === "waiting");
  }

  /** Those that wait for somebody to do something about them. */
  get failed(): Item[] {
    return this.items.filter(({ phase }) => phase === "failed");
  }

  get isBusy(): boolean {
    return this.active.length > 0;
  }

  /** Nothing gets through at the moment. */
  get isStuck(): boolean {
    const moving = this.items.filter(({ isMoving }) => isMoving);
    return moving.length > 0 && moving.every(({ shown }) => shown?.trouble !== undefined);
  }

  get sentBytes(): number {
    return this.active.reduce((sum, item) => sum + item.sentBytes, 0);
  }

  get totalBytes(): number {
    return this.active.reduce((sum, item) => sum + item.totalBytes, 0);
  }

  /** Of all that are listed and not given up: how much there is, how much has been sent, and how long the rest takes. */
  get whole(): { sentBytes: number; totalBytes: number; secondsLeft: number | undefined } {
    const counted = this.items.filter(({ phase }) => phase !== "failed" && phase !== "cancelled");
    const sum = (of: (item: Item) => number) => counted.reduce((total, item) => total + of(item), 0);
    const [sentBytes, totalBytes] = [sum((item) => item.sentBytes), sum((item) => item.totalBytes)];
    const speed = sum(({ shown, phase }) => (phase === "uploading" ? (shown?.bytesPerSecond ?? 0) : 0));
    return { sentBytes, totalBytes, secondsLeft: speed > 1 ? (totalBytes - sentBytes) / speed : undefined };
  }

  /** The uploader of who is signed in: each account has its own memory of what was begun. */
  get uploader(): Uploader {
    const of = session.person?.owner ?? "";
    if (this.#uploader?.of !== of) {
      const { server, credentials } = session.client;
      this.#uploader = { of, uploader: new Uploader({ server, credentials, account: of }) };
    }
    return this.#uploader.uploader;
  }

  /** Takes what can be uploaded, and says why the rest cannot, and what cannot besides. */
  add(beginnings: Beginning[], refused: Refused[] = []): void {
    for (const beginning of beginnings) {
      const { file } = beginning;
      const why = this.#holds(file) ? "already" : limits.video && refusalOf(file, limits.video);
      if (why) refused.push({ name: file.name, size: file.size, why });
      else this.#take(beginning);
    }
    this.refused = refused;
  }

  find(assetId: string): Item | undefined {
    return this.items.find((item) => item.assetId === assetId && item.phase !== "cancelled");
  }

  /** How many something can be done about. */
  get can(): Record<"pause" | "resume" | "retry" | "cancel" | "clear", number> {
    const count = (of: (item: Item) => boolean) => this.items.filter(of).length;
    return {
      pause: count(({ canPause }) => canPause),
      resume: count(({ phase }) => phase === "paused"),
      retry: count(({ phase, isRejected }) => phase === "failed" && !isRejected),
      cancel: count(({ isOver }) => !isOver),
      clear: count(({ isOver }) => isOver),
    };
  }

  pauseAll(): void {
    for (const item of this.items) item.pause();
  }

  resumeAll(): void {
    for (const item of this.items) item.resume();
  }

  retryAll(): void {
    for (const item of this.items) if (!item.isRejected) item.retry();
  }

  async cancel(item: Item): Promise<void> {
    await item.cancel();
    this.remove(item);
  }

  /** Another file in the place of one that was refused: it is called the same, and begins anew. */
  exchange(item: Item, file: File): void {
    const { title, description } = item;
    void this.cancel(item);
    this.add([{ file, title, description }]);
  }

  async cancelAll(): Promise<void> {
    await Promise.all(this.items.filter(({ isOver }) => !isOver).map((item) => this.cancel(item)));
  }

  /** Stops everything here, and deletes nothing: whoever signs in next must not send another's files. */
  letGo(): void {
    for (const item of this.items) item.release();
    this.items = [];
    this.refused = [];
  }

  clearDone(): void {
    for (const item of this.items.filter(({ isOver }) => isOver)) this.remove(item);
  }

  remove(item: Item): void {
    item.release();
    this.items = this.items.filter(({ id }) => id !== item.id);
    this.#moved();
  }

  #take(beginning: Beginning): void {
    let told: string | undefined;
    const item: Item = new Item(this.#next++, this.uploader, beginning, () => {
      const { phase } = item;
      if (phase !== told) this.#say(item);
      told = phase;
      this.#moved();
    });
    this.items = [...this.items, item];
    void item.prepare(limits.thumbnail);
  }

  #holds({ name, size, lastModified }: File): boolean {
    const isSame = ({ file, isOver }: Item) =>
      !isOver && file.name === name && file.size === size && file.lastModified === lastModified;
    return this.items.some(isSame);
  }

  /** Where a page does not show it. */
  #say({ phase, name }: Item): void {
    const { said } = settings.t.upload;
    const { page } = place.route;
    if (phase === "published" && page !== "upload" && page !== "library") notices.tell(said.published(name));
    if (phase === "failed" && page !== "upload") notices.tell(said.failed(name), "bad");
  }

  /** Whoever has waited longest goes next. A paused one keeps no place. */
  #moved(): void {
    this.turns += 1;
    let moving = this.items.filter(({ isMoving }) => isMoving).length;
    for (const item of this.items) {
      if (moving >= AT_ONCE) return;
      if (item.stage !== "waiting") continue;
      item.begin();
      moving += 1;
    }
  }
}

export const uploads = new Uploads();
