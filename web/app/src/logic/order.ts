// In which order videos are shown. The server gives the newest first; any other order is made here, of all of them.

import type { AssetBody } from "@landfall/uploader";

export const ORDERS = ["", "oldest", "largest"] as const;
/** `""` is the newest first. */
export type Order = (typeof ORDERS)[number];

export function parseOrder(text: string | undefined): Order {
  return ORDERS.find((order) => order === text) ?? "";
}

/** `list` has the newest first. Of two of the same size, the newer comes first. */
export function ordered(list: readonly AssetBody[], order: Order): AssetBody[] {
  if (order === "oldest") return list.toReversed();
  if (order === "largest") return list.toSorted((one, other) => sizeOf(other) - sizeOf(one));
  return [...list];
}

/** What its files take, as far as it is known. */
export function sizeOf({ files }: AssetBody): number {
  return files.video?.size ?? 0;
}
