// Stock Uppy as somebody else's page has it: both generations, by every door that lets them in.

import type { Locator, Page } from "@playwright/test";
import { expect, test } from "@playwright/test";
import type { Film } from "./films";
import { Gate } from "./gate";
import { digestOf, type Landfall } from "./landfall";
import { Site } from "./site";
import { beginSession, type Watch } from "./watched";

type Generation = "uppy5" | "uppy6";

/** Looks often: what is waited for here comes at once, and there are many such tests. */
const SOON = { intervals: [100] };

/** How a generation comes in. */
export interface Door {
  name: string;
  generation: Generation;
  /** What the page is told besides what it is to do. */
  tell: (page: Page, landfall: Landfall, owner: string) => Promise<object>;
}

export const FIVE: Door = {
  name: "5.1 with a header",
  generation: "uppy5",
  tell: async (_, landfall, owner) => ({ door: `${landfall.api}/uppy`, token: landfall.token(owner) }),
};
export const FIVE_BY_COOKIE: Door = {
  name: "5.1 by cookie",
  generation: "uppy5",
  tell: async (page, landfall, owner) => {
    await beginSession(page, landfall, owner);
    return { door: `${landfall.api}/uppy`, isByCookie: true };
  },
};
const FIVE_BY_PATH: Door = {
  name: "5.1 with a capability",
  generation: "uppy5",
  tell: async (_, landfall, owner) => capability(landfall, owner),
};
export const SIX: Door = {
  name: "6.3 with a capability",
  generation: "uppy6",
  tell: async (_, landfall, owner) => capability(landfall, owner),
};
const SIX_SIGNED: Door = {
  name: "6.3 by signRequest",
  generation: "uppy6",
  tell: async (_, landfall, owner) => ({ ...capability(landfall, owner), isSigned: true }),
};
export const DOORS = [FIVE, FIVE_BY_COOKIE, FIVE_BY_PATH, SIX, SIX_SIGNED];
/**
 * Those whose files, sent as a whole, go to the store. A capability's are forms, and pass through the server; by cookie
 * nothing is sent as a whole, because no GET begins anything by it.
 */
export const WHOLE_TO_STORE = [FIVE];

function capability(landfall: Landfall, owner: string): { door: string } {
  const { endpoint } = JSON.parse(
    landfall.command("token", "--capability", "--owner", owner, "--collection", "videos", "--json"),
  ) as { endpoint: string };
  return { door: endpoint };
}

/** The pages of both generations, for all tests of a file. */
export class Sites {
  #open: Partial<Record<Generation, Site>> = {};

  static use(): Sites {
    const sites = new Sites();
    test.beforeAll(async () => {
      for (const name of ["uppy5", "uppy6"] as const) sites.#open[name] = await Site.open(name);
    });
    test.afterAll(async () => {
      for (const site of Object.values(sites.#open)) await site.close();
    });
    return sites;
  }

  /** The lines of a configuration that lists them. */
  get config(): string {
    return `[web]\norigins = ${JSON.stringify(Object.values(this.#open).map(({ origin }) => origin))}\n`;
  }

  /** Opens the page of a door. */
  async open(page: Page, watch: Watch, landfall: Landfall, { door, owner }: Visit, wishes: object): Promise<Stock> {
    const site = this.#open[door.generation];
    if (!site) throw new Error("the page is not built");
    watch.allow(landfall.api, landfall.store, site.origin);
    await page.goto(site.address({ ...(await door.tell(page, landfall, owner)), ...wishes }));
    return new Stock(page, landfall, owner);
  }
}

/** Who comes, and how. */
export interface Visit {
  door: Door;
  owner: string;
}

/** One such page. */
export class Stock {
  constructor(
    readonly page: Page,
    private readonly landfall: Landfall,
    private readonly owner: string,
  ) {}

  /** What it says. */
  get state(): Locator {
    return this.page.getByRole("status");
  }

  async choose({ path }: Film): Promise<void> {
    await this.page.getByLabel("File").setInputFiles(path);
  }

  async press(name: "Pause" | "Resume" | "Retry" | "Cancel" | "Go on"): Promise<void> {
    await this.page.getByRole("button", { name }).click();
  }

  /** Chooses the film, and lets only some of its parts arrive. */
  async begin(film: Film, parts: number): Promise<Gate> {
    const gate = await Gate.close(this.page, this.landfall.store, parts);
    await this.choose(film);
    await expect.poll(() => gate.waiting, SOON).toBeGreaterThan(0);
    await expect.poll(() => this.#arrived(), SOON).toBe(parts);
    return gate;
  }

  /** How many parts of the owner's one upload the store has. */
  async #arrived(): Promise<number> {
    const [asset] = await this.landfall.assets(this.owner);
    const answer = await this.landfall.call(this.owner, `/v1/videos/${asset?.id}/files/video/parts`);
    return ((await answer.json()) as { data: unknown[] }).data.length;
  }

  /** Golden Retriever has written down which upload it is, and as many files as it may keep. */
  async isRemembered(files: number): Promise<void> {
    await expect
      .poll(() => remembered(this.page), SOON)
      .toEqual({ notes: expect.stringContaining('"uploadId"'), files });
  }

  /** The owner's one asset is created, and it is this film, byte for byte. */
  async isStored(film: Film, ...leftOver: string[]): Promise<void> {
    const statuses = async () => (await this.landfall.assets(this.owner)).map(({ status }) => status).sort();
    await expect.poll(statuses, SOON).toEqual(["CREATED", ...leftOver]);
    const asset = (await this.landfall.assets(this.owner)).find(({ status }) => status === "CREATED");
    if (!asset) throw new Error("no asset");
    expect(asset.files.video?.file_name).toBe(film.name);
    expect(await this.landfall.digest(this.owner, asset)).toBe(await digestOf(film.path));
  }
}

/** What Golden Retriever has written down, and how many files it has kept. */
export function remembered(page: Page): Promise<{ notes: string; files: number }> {
  return page.evaluate(recall);
}

/** Runs in the page. 5.2 keeps its notes in `localStorage`, 6.0 beside the files in IndexedDB. */
async function recall(): Promise<{ notes: string; files: number }> {
  const done = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const db = await done(indexedDB.open("uppy-blobs"));
  const all = async (name: string): Promise<unknown[]> =>
    db.objectStoreNames.contains(name) ? await done(db.transaction([name]).objectStore(name).getAll()) : [];
  const kept = (await all("metadata")) as { metadata: string }[];
  const notes = [...Object.values(localStorage).map(String), ...kept.map(({ metadata }) => metadata)].join("\n");
  const files = (await all("files")).length;
  db.close();
  return { notes, files };
}
