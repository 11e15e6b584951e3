// One stream of events for all tabs of a browser. A browser opens six connections to a host over HTTP/1.1, and each stream
// keeps one for good: with a stream in each tab the seventh tab would never load.
//
// The tab that holds a lock has the stream, and tells the others by a channel. When it is closed or hidden, the lock goes to
// another tab. *Invariants*: at most one tab of those that share a channel has a stream; a hidden tab has none.

import { type AssetEvent, type Follower, followWith } from "./follow";

/** What tabs say to each other. */
type Word =
  { kind: "event"; event: AssetEvent } | { kind: "begin" } | { kind: "state"; isLive: boolean } | { kind: "ask" };

/** What tabs share. Pages without HTTPS have no locks, and each visible tab has its own stream. */
export interface Shared {
  name: string;
  locks: Pick<LockManager, "request"> | undefined;
  channel: (name: string) => BroadcastChannel;
}

export interface Relay {
  /** A tab that is hidden lets go of the stream; one that is shown again joins in. */
  show(isVisible: boolean): void;
  stop(): void;
}

/** Follows while the tab is visible, until it is stopped. */
export function relayed(open: () => EventSource, { name, locks, channel }: Shared, follower: Follower): Relay {
  let leave: (() => void) | undefined;

  function join(): () => void {
    if (!locks) return followWith(open, follower);
    const others = channel(name);
    const leaving = new AbortController();
    let isLeading = false;
    let isLive = false;
    const tell = (word: Word) => others.postMessage(word);
    const leader: Follower = {
      onevent: (event) => (tell({ kind: "event", event }), follower.onevent(event)),
      onbegin: () => (tell({ kind: "begin" }), follower.onbegin()),
      onstate: (now) => {
        isLive = now;
        tell({ kind: "state", isLive });
        follower.onstate?.(now);
      },
    };
    others.onmessage = ({ data: word }: MessageEvent<Word>) => {
      if (isLeading) return void (word.kind === "ask" && tell({ kind: "state", isLive }));
      if (word.kind === "event") follower.onevent(word.event);
      if (word.kind === "begin") follower.onbegin();
      if (word.kind === "state") follower.onstate?.(word.isLive);
    };
    tell({ kind: "ask" });
    const lead = () =>
      new Promise<void>((resolve) => {
        if (leaving.signal.aborted) return resolve();
        isLeading = true;
        const stop = followWith(open, leader);
        leaving.signal.addEventListener("abort", () => (stop(), resolve()));
      });
    // It rejects when the tab leaves before its turn.
    locks.request(name, { signal: leaving.signal }, lead).catch(() => {});
    return () => {
      leaving.abort();
      others.close();
    };
  }

  return {
    show(isVisible) {
      if (isVisible) leave ??= join();
      else this.stop();
    },
    stop() {
      leave?.();
      leave = undefined;
      follower.onstate?.(false);
    },
  };
}
