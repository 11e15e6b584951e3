// What happens to the person's assets, as it happens. Browsers reconnect by themselves and say which event they saw last, so
// nothing is missed; only where the server hangs up for good (a session that ended) does it take a new beginning.

import { session } from "./session.svelte";

export type AssetEventType = "asset.created" | "asset.rejected" | "asset.expired" | "asset.deleted" | "asset.progress";

export interface AssetEvent {
  type: AssetEventType;
  asset_id: string;
  role?: string;
  /** `asset.progress`: bytes. */
  arrived?: number;
  size?: number;
}

const TYPES: AssetEventType[] = ["asset.created", "asset.rejected", "asset.expired", "asset.deleted", "asset.progress"];
/** A browser that gave up tries again after so long. */
const AGAIN_MS = 10_000;

export interface Follower {
  onevent: (event: AssetEvent) => void;
  /** The stream has begun or begun anew: what happened before is not told, so look at everything once. */
  onbegin: () => void;
  onstate?: (isLive: boolean) => void;
}

/** Follows until the function that it gives is called. */
export function follow({ onevent, onbegin, onstate }: Follower): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect() {
    const { client } = session;
    const current = new EventSource(client.url({ path: ["v1", "events"] }), {
      withCredentials: client.credentials === "include",
    });
    source = current;
    let hasBegun = false;
    current.onopen = () => {
      onstate?.(true);
      // When the browser itself reconnects, `Last-Event-ID` brings what was missed - if there was any event before.
      if (!hasBegun) onbegin();
      hasBegun = true;
    };
    current.onerror = () => {
      onstate?.(false);
      hasBegun = false;
      if (current.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
    };
    for (const type of TYPES) {
      current.addEventListener(type, ({ data }: MessageEvent<string>) => onevent(JSON.parse(data) as AssetEvent));
    }
  }

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
