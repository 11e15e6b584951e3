// What was begun and not finished: in this browser by its journal, on other devices by the server's list. How much of it has
// arrived is the server's word.

import { type AssetBody, type Entry, fingerprintOf } from "@landfall/uploader";
import { type Standing, standingOf } from "../logic/standing";
import { activity } from "./activity.svelte";
import { events } from "./events.svelte";
import { session } from "./session.svelte";
import { uploads } from "./uploads.svelte";

/** More open uploads than this are not listed one by one. */
const LISTED = 50;
/** Of these it is asked how much has arrived, and these are shown, until somebody wants to see all. */
const FIRST = 4;
/** So often it is looked whether something is sending them. */
const LOOK_MS = 10_000;

export interface Unfinished {
  key: string;
  assetId: string;
  title: string;
  description: string;
  metadata: Record<string, unknown>;
  fileName: string;
  totalBytes: number;
  /** Unknown until the server has told. */
  arrivedBytes: number | undefined;
  begunAt: string | number;
  expiresAt: string | undefined;
  fingerprint: string | undefined;
  asset: AssetBody;
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

  /** How one that is not going on in this page stands. */
  standingOf({ asset }: Unfinished): Standing {
    return standingOf(asset, activity.isGoingOn(asset.id));
  }

  /** Keeps the list fresh while a page shows it, until the function that it gives is called. */
  watch(): () => void {
    const stop = events.follow({
      onevent: ({ type, asset_id: id, role, arrived }) => {
        if (type !== "asset.progress") return void (this.list.some(({ key }) => key === id) && this.look());
        if (role === "video" && arrived !== undefined) activity.note(id, arrived);
      },
      onbegin: () => void this.look(),
    });
    const timer = setInterval(() => {
      if (!document.hidden && this.idle.length > 0) void this.look();
    }, LOOK_MS);
    void this.look();
    return () => {
      stop();
      clearInterval(timer);
    };
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
      activity.look(),
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
    const { assetId, totalBytes, fingerprint, title, description, metadata } = one;
    if (file.size !== totalBytes) return "other";
    if (fingerprint && (await fingerprintOf(file).catch(() => fingerprint)) !== fingerprint) return "other";
    const thumbnail = (await hasThumbnail(one)) ? "arrived" : undefined;
    uploads.add([{ file, assetId, title, description, metadata, thumbnail }]);
    return "ok";
  }

  async discard({ entry, assetId }: Unfinished) {
    if (entry) await uploads.uploader.discard(entry);
    const { error } = await session.client.delete("videos", assetId);
    if (!error) await this.look();
    return error;
  }
}

function ofAsset(asset: AssetBody, entries: Entry[]): Unfinished {
  const { id, title, description, metadata, files, created_at, expires_at, fingerprint } = asset;
  const video = files.video;
  return {
    key: id,
    assetId: id,
    title,
    description,
    metadata,
    fileName: video?.file_name ?? title,
    totalBytes: video?.size ?? 0,
    arrivedBytes: undefined,
    begunAt: created_at,
    expiresAt: expires_at,
    fingerprint,
    asset,
    thumbnailParts: files.thumbnail?.rejected ? undefined : files.thumbnail?.upload?.part_count,
    entry: entries.find((entry) => entry.assetId === id),
  };
}

/** Whether this page is sending it, or is about to: the same file will find it. */
function isGoingOn({ assetId, fileName, totalBytes }: Unfinished): boolean {
  const isSame = ({ name, size }: File) => name === fileName && size === totalBytes;
  return (
    uploads.find(assetId) !== undefined ||
    uploads.items.some((item) => item.assetId === undefined && !item.isOver && isSame(item.file))
  );
}

/** Not asked for what this page is sending: nobody is shown it, and the server has no answer once all is there. */
async function arrivedBytes(one: Unfinished): Promise<number | undefined> {
  const { assetId, asset } = one;
  // What was refused has been destroyed.
  if (isGoingOn(one) || asset.files.video?.rejected) return undefined;
  const { ok } = await session.client.arrived("videos", assetId, "video");
  const bytes = ok?.reduce((sum, { size }) => sum + size, 0);
  if (bytes !== undefined) activity.note(assetId, bytes);
  return bytes;
}

export const left = new Left();

/** Whether its picture has arrived as a whole, so that it need not be sent again. */
async function hasThumbnail({ assetId, thumbnailParts }: Unfinished): Promise<boolean> {
  if (thumbnailParts === undefined) return false;
  const { ok } = await session.client.arrived("videos", assetId, "thumbnail");
  return ok !== undefined && ok.length >= thumbnailParts;
}
