// What happens to the person's assets, as it happens.

import { followWith, type Follower } from "../logic/follow";
import { session } from "./session.svelte";

export type { AssetEvent } from "../logic/follow";

/** Follows until the function that it gives is called. */
export function follow(follower: Follower): () => void {
  return followWith(() => {
    const { client } = session;
    const withCredentials = client.credentials === "include";
    return new EventSource(client.url({ path: ["v1", "events"] }), { withCredentials });
  }, follower);
}
