// What happens to the person's assets, as it happens. All pages of all tabs hear of it by one stream.

import type { AssetEvent, Follower } from "../logic/follow";
import { relayed } from "../logic/relay";
import { session } from "./session.svelte";

export type { AssetEvent } from "../logic/follow";

class Events {
  /** Whether the server is telling. */
  isLive = $state(false);
  readonly #followers = new Set<Follower>();

  /** Tells a page, until the function that it gives is called. */
  follow(follower: Follower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Listens for the person who is signed in, until the function that it gives is called. */
  listen(): () => void {
    const { client, person } = session;
    const withCredentials = client.credentials === "include";
    const open = () => new EventSource(client.url({ path: ["v1", "events"] }), { withCredentials });
    const shared = {
      name: `landfall.events ${client.server} ${person?.owner ?? ""}`,
      locks: navigator.locks as LockManager | undefined,
      channel: (name: string) => new BroadcastChannel(name),
    };
    const relay = relayed(open, shared, {
      onevent: (event: AssetEvent) => this.#tell(({ onevent }) => onevent(event)),
      onbegin: () => this.#tell(({ onbegin }) => onbegin()),
      onstate: (isLive) => {
        // A stream that breaks is the first to know that the server is gone: asking tells whether it is.
        if (this.isLive && !isLive && !isOver && !document.hidden) void client.session();
        this.isLive = isLive;
      },
    });
    let isOver = false;
    const look = () => relay.show(!document.hidden);
    document.addEventListener("visibilitychange", look);
    look();
    return () => {
      isOver = true;
      document.removeEventListener("visibilitychange", look);
      relay.stop();
    };
  }

  #tell(what: (follower: Follower) => void): void {
    for (const follower of [...this.#followers]) what(follower);
  }
}

export const events = new Events();
