// Which unfinished uploads something is sending now, other than this page: another tab, which holds a lock for each, or another
// device, whose bytes keep arriving.

import { now } from "./now.svelte";

/** What has grown within so long is being sent: a part of a slow line takes its time. */
const FRESH_MS = 60_000;
const PREFIX = "landfall.upload ";

class Activity {
  readonly #arrived = new Map<string, number>();
  #grewAt: Record<string, number> = $state.raw({});
  #held: string[] = $state.raw([]);

  isGoingOn(assetId: string): boolean {
    const grewAt = this.#grewAt[assetId];
    return this.#held.includes(assetId) || (grewAt !== undefined && now.at - grewAt < FRESH_MS);
  }

  /** Whether it is another tab of this browser. */
  isInBrowser(assetId: string): boolean {
    return this.#held.includes(assetId);
  }

  /** So many bytes of its film have arrived. */
  note(assetId: string, bytes: number): void {
    const before = this.#arrived.get(assetId);
    this.#arrived.set(assetId, bytes);
    if (before !== undefined && bytes > before) this.#grewAt = { ...this.#grewAt, [assetId]: Date.now() };
  }

  /** Looks which locks are held. Pages without HTTPS have none. */
  async look(): Promise<void> {
    const { held = [] } = (await navigator.locks?.query().catch(() => undefined)) ?? {};
    this.#held = held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : []));
  }

  /** Tells other tabs that this one is sending it, until the function that this gives is called. */
  hold(assetId: string): () => void {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    void navigator.locks?.request(PREFIX + assetId, { mode: "shared" }, () => held).catch(() => {});
    return letGo;
  }
}

export const activity = new Activity();
