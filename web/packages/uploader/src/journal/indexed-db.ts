// The journal of browsers. Several tabs may use it at once; what is too old to be resumed is dropped when it is opened.

import { type Entry, type Journal, KEPT_FOR_MS } from "./journal.js";

/** The layout of the database. */
const VERSION = 1;
const DATABASE = "landfall-uploads";
const TABLE = "entries";

export class IndexedDbJournal implements Journal {
  readonly #now: () => number;
  #database: Promise<IDBDatabase> | undefined;

  /** `now` is the wall clock, in milliseconds since 1970. */
  constructor(now: () => number = () => Date.now()) {
    this.#now = now;
  }

  async write(entry: Entry): Promise<void> {
    await this.#run("readwrite", (table) => table.put(entry));
  }

  async forget(key: string): Promise<void> {
    await this.#run("readwrite", (table) => table.delete(key));
  }

  async list(): Promise<Entry[]> {
    const entries = await this.#run<Entry[]>("readonly", (table) => table.getAll());
    const stale = entries.filter((entry) => !this.#isFresh(entry));
    await Promise.all(stale.map(({ key }) => this.forget(key)));
    return entries.filter((entry) => this.#isFresh(entry)).sort((a, b) => b.begunAt - a.begunAt);
  }

  #isFresh({ begunAt }: Entry): boolean {
    return this.#now() - begunAt < KEPT_FOR_MS;
  }

  /** Runs one request; resolves when it is durable. */
  async #run<T>(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest): Promise<T> {
    this.#database ??= open();
    let database: IDBDatabase;
    try {
      database = await this.#database;
    } catch (error) {
      // Private windows refuse; the next try may fare better.
      this.#database = undefined;
      throw error;
    }
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode);
      const request = ask(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(request.result as T);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE, { keyPath: "key" });
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      // Another tab wants a newer layout: do not stand in its way.
      database.onversionchange = () => database.close();
      resolve(database);
    };
  });
}
