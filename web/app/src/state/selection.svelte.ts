// Which videos of the library are chosen, to do the same with all of them.

import type { AssetBody } from "@landfall/uploader";

export class Selection {
  #ids: ReadonlySet<string> = $state.raw(new Set());
  /** What is shown: what is not shown is not chosen either. */
  readonly #shown: () => AssetBody[];
  /** Where a range begins that Shift ends. */
  #anchor: string | undefined;

  constructor(shown: () => AssetBody[]) {
    this.#shown = shown;
  }

  get assets(): AssetBody[] {
    return this.#shown().filter(({ id }) => this.#ids.has(id));
  }

  /** Those of them that can be watched. */
  get published(): AssetBody[] {
    return this.assets.filter(({ status }) => status === "CREATED");
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Chooses one, or no longer; with Shift, all from the last one to this. */
  toggle(id: string, isRange: boolean): void {
    const ids = new Set(this.#ids);
    const isChosen = !ids.has(id);
    for (const one of isRange ? this.#between(id) : [id]) {
      if (isChosen) ids.add(one);
      else ids.delete(one);
    }
    this.#ids = ids;
    this.#anchor = id;
  }

  all(): void {
    this.#ids = new Set(this.#shown().map(({ id }) => id));
  }

  clear(): void {
    this.#ids = new Set();
    this.#anchor = undefined;
  }

  #between(id: string): string[] {
    const shown = this.#shown().map((asset) => asset.id);
    const [from, to] = [shown.indexOf(this.#anchor ?? id), shown.indexOf(id)];
    return from < 0 ? [id] : shown.slice(Math.min(from, to), Math.max(from, to) + 1);
  }
}
