// What was begun and not finished: in this browser by its journal, on other devices by the server's list. How much of it has
// arrived is the server's word.

import { type AssetBody, type Entry, fingerprintOf } from "@landfall/uploader";
import { session } from "./session.svelte";
import { uploads } from "./uploads.svelte";

/** More open uploads than this are not listed one by one. */
const LISTED = 50;
/** Of these it is asked how much has arrived, and these are shown, until somebody wants to see all. */
const FIRST = 4;

export interface Unfinished {
  key: string;
  assetId: string | undefined;
  title: string;
  description: string;
  fileName: string;
  totalBytes: number;
  /** Unknown until the server has told. */
  arrivedBytes: number | undefined;
  begunAt: string | number;
  expiresAt: string | undefined;
  fingerprint: string | undefined;
  /** Its file was refused: it has to be sent anew. */
  isRejected: boolean;
  /** Parts of the picture that was announced with it, if there is one. */
  thumbnailParts: number | undefined;
  /** In this browser's journal. */
  entry: Entry | undefined;
}

class Left {
  list: Unfinished[] = $state.raw([]);
  #turn = 0;
  #isWhole = $state(false);

  /** Those that are not going on in this page. */
  get idle(): Unfinished[] {
    return this.list.filter((one) => !isGoingOn(one));
  }

  /** What is shown of them. */
  get shown(): Unfinished[] {
    return this.#isWhole ? this.idle : this.idle.slice(0, FIRST);
  }

  showAll(): Promise<void> {
    this.#isWhole = true;
    return this.look();
  }

  /** Looks again. The latest look wins. */
  async look(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const [entries, { ok: page }] = await Promise.all([
      uploads.uploader.unfinished(),
      session.client.assets("videos", { status: "UPLOADING", limit: LISTED }),
    ]);
    if (!page) return;
    const list = page.data.map((asset) => ofAsset(asset, entries));
    if (turn !== this.#turn) return;
    const known = new Map(this.list.map((one) => [one.key, one.arrivedBytes]));
    this.list = list.map((one) => ({ ...one, arrivedBytes: known.get(one.key) }));
    const arrived = new Map<string, number | undefined>();
    await Promise.all(this.shown.map(async (one) => arrived.set(one.key, await arrivedBytes(one))));
    if (turn !== this.#turn) return;
    this.list = this.list.map((one) => ({ ...one, arrivedBytes: arrived.get(one.key) ?? one.arrivedBytes }));
  }

  /** Goes on with a file, if it is the right one. */
  async goOn(one: Unfinished, file: File): Promise<"ok" | "other"> {
    const { totalBytes, fingerprint, title, description } = one;
    if (file.size !== totalBytes) return "other";
    if (fingerprint && (await fingerprintOf(file).catch(() => fingerprint)) !== fingerprint) return "other";
    uploads.add([{ file, title, description, thumbnail: (await hasThumbnail(one)) ? "arrived" : undefined }]);
    return "ok";
  }

  async discard({ entry, assetId }: Unfinished) {
    if (entry) await uploads.uploader.discard(entry);
    const { error } = assetId ? await session.client.delete("videos", assetId) : {};
    if (!error) await this.look();
    return error;
  }
}

function ofAsset(asset: AssetBody, entries: Entry[]): Unfinished {
  const { id, title, description, files, created_at, expires_at, fingerprint } = asset;
  const video = files.video;
  return {
    key: id,
    assetId: id,
    title,
    description,
    fileName: video?.file_name ?? title,
    totalBytes: video?.size ?? 0,
    arrivedBytes: undefined,
    begunAt: created_at,
    expiresAt: expires_at,
    fingerprint,
    isRejected: video?.rejected !== undefined,
    thumbnailParts: files.thumbnail?.rejected ? undefined : files.thumbnail?.upload?.part_count,
    entry: entries.find((entry) => entry.assetId === id),
  };
}

/** Whether this page is sending it. */
function isGoingOn({ assetId }: Unfinished): boolean {
  return assetId !== undefined && uploads.find(assetId) !== undefined;
}

/** Not asked for what this page is sending: nobody is shown it, and the server has no answer once all is there. */
async function arrivedBytes(one: Unfinished): Promise<number | undefined> {
  const { assetId } = one;
  if (!assetId || isGoingOn(one)) return undefined;
  const { ok } = await session.client.arrived("videos", assetId, "video");
  return ok?.reduce((sum, { size }) => sum + size, 0);
}

export const left = new Left();

/** Whether its picture has arrived as a whole, so that it need not be sent again. */
async function hasThumbnail({ assetId, thumbnailParts }: Unfinished): Promise<boolean> {
  if (!assetId || thumbnailParts === undefined) return false;
  const { ok } = await session.client.arrived("videos", assetId, "thumbnail");
  return ok !== undefined && ok.length >= thumbnailParts;
}
