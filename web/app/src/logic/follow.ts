// Follows a stream of events, and knows when some may have been missed.
//
// A browser that loses the stream comes back by itself and says which event it saw last (`Last-Event-ID`), and the server tells
// what came after that one. Whoever has seen none has nothing to say, and the stream begins anew, at that moment. It does so too
// where the server hung up for good (a session that ended, too many streams): a stream that is opened again knows nothing of the
// one before.

const TYPES = [
  "asset.created",
  "asset.rejected",
  "asset.expired",
  "asset.deleted",
  "asset.replaced",
  "asset.updated",
  "asset.lost",
  "asset.progress",
] as const;

export type AssetEventType = (typeof TYPES)[number];

export interface AssetEvent {
  type: AssetEventType;
  asset_id: string;
  role?: string;
  /** `asset.progress`: bytes. */
  arrived?: number;
  size?: number;
}

/** A stream that was given up is opened again after so long. */
const AGAIN_MS = 10_000;
/** `EventSource.CLOSED`. */
const CLOSED = 2;

export interface Follower {
  onevent: (event: AssetEvent) => void;
  /** The stream begins at this moment: what happened before is not told, so look at everything once. */
  onbegin: () => void;
  onstate?: (isLive: boolean) => void;
}

/** Follows until the function that it gives is called. */
export function followWith(open: () => EventSource, { onevent, onbegin, onstate }: Follower): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect() {
    const current = open();
    source = current;
    /** Whether the browser has an event to name when it comes back. Progress is none: it is not stored and has no id. */
    let hasPlace = false;
    current.onopen = () => {
      onstate?.(true);
      if (!hasPlace) onbegin();
    };
    current.onerror = () => {
      onstate?.(false);
      if (current.readyState === CLOSED) timer = setTimeout(connect, AGAIN_MS);
    };
    for (const type of TYPES) {
      current.addEventListener(type, ({ data, lastEventId }: MessageEvent<string>) => {
        if (lastEventId !== "") hasPlace = true;
        onevent(JSON.parse(data) as AssetEvent);
      });
    }
  }

  connect();
  return () => {
    clearTimeout(timer);
    source?.close();
  };
}
