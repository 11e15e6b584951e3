// The door to what the device says of its network.

export type NetworkNews = "online" | "offline";

export interface Network {
  isOnline(): boolean;
  /** Gives a function that stops listening. */
  listen(hear: (news: NetworkNews) => void): () => void;
}

/** The browser's own word. Outside of browsers there always is a network. */
export const HOST_NETWORK: Network = {
  isOnline: () => globalThis.navigator?.onLine !== false,
  listen(hear) {
    const stopper = new AbortController();
    for (const news of ["online", "offline"] as const) {
      globalThis.addEventListener?.(news, () => hear(news), stopper);
    }
    return () => stopper.abort();
  },
};
