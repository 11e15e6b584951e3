// Takes what somebody drops, pastes or chooses, on whatever page that is.

import type { ApiError, AssetBody } from "@landfall/uploader";
import type { Taken } from "../logic/dropped";
import { limits } from "./limits.svelte";
import { place } from "./place.svelte";
import { session } from "./session.svelte";
import { uploads } from "./uploads.svelte";

/** Says whether the page takes them for itself. */
type Taker = (files: File[]) => boolean;

class Intake {
  #taker: Taker | undefined;

  /** A page that has use for some files of its own is asked first, until the function that this gives is called. */
  offer(taker: Taker): () => void {
    this.#taker = taker;
    return () => (this.#taker = undefined);
  }

  /** Everything else is uploaded, and the page shows how that goes. */
  async take({ files, empty }: Taken): Promise<void> {
    if (files.length > 0 && this.#taker?.(files)) return;
    // Nothing is sent before it is known what may be.
    await limits.load();
    place.go({ page: "upload" });
    if (!limits.video) return;
    const refused = empty.map((name) => ({ name, size: 0, why: "noVideos" as const }));
    uploads.add(
      files.map((file) => ({ file })),
      refused,
    );
  }

  /** Another file in the place of one that the server has refused: it is called the same. */
  async exchange({ id, collection, title, description }: AssetBody, file: File): Promise<ApiError | undefined> {
    const { error } = await session.client.delete(collection, id);
    if (error) return error;
    const row = uploads.find(id);
    if (row) uploads.remove(row);
    place.go({ page: "upload" });
    uploads.add([{ file, title, description }]);
    return undefined;
  }
}

export const intake = new Intake();
