// What the server's collections take. Asked once for each session.

import type { ApiError } from "@landfall/uploader";
import type { CollectionBody, RoleBody } from "../api/contract";
import { findRole } from "../logic/limits";
import { session } from "./session.svelte";

class Limits {
  collections: CollectionBody[] = $state.raw([]);
  error: ApiError | undefined = $state.raw();

  get video(): RoleBody | undefined {
    return findRole(this.collections, "videos", "video");
  }

  get thumbnail(): RoleBody | undefined {
    return findRole(this.collections, "videos", "thumbnail");
  }

  get image(): RoleBody | undefined {
    return findRole(this.collections, "images", "image");
  }

  async load(): Promise<void> {
    if (this.collections.length > 0) return;
    const { ok, error } = await session.client.collections();
    this.collections = ok ?? [];
    this.error = error;
  }
}

export const limits = new Limits();
