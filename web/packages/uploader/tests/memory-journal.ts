// A journal that lives as long as the test, and survives the uploads in it.

import type { Entry, Journal } from "../src/journal/journal.js";

export class MemoryJournal implements Journal {
  readonly #entries = new Map<string, Entry>();

  async write(entry: Entry): Promise<void> {
    this.#entries.set(entry.key, structuredClone(entry));
  }

  async forget(key: string): Promise<void> {
    this.#entries.delete(key);
  }

  async list(): Promise<Entry[]> {
    return [...this.#entries.values()].sort((a, b) => b.begunAt - a.begunAt).map((entry) => structuredClone(entry));
  }
}
