// Whether there is a network, and a server behind it.

/** So often it is asked again whether the server is back. */
const AGAIN_MS = 3_000;

class Link {
  isOnline = $state(navigator.onLine);
  isServerThere = $state(true);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    addEventListener("online", () => (this.isOnline = true));
    addEventListener("offline", () => (this.isOnline = false));
  }

  /** What keeps the pages from the server. */
  get trouble(): "offline" | "noServer" | undefined {
    if (!this.isOnline) return "offline";
    return this.isServerThere ? undefined : "noServer";
  }

  /** A call was answered or not. While nothing is answered, `again` calls once more, and is heard here. */
  heard(isReached: boolean, again: () => Promise<unknown>): void {
    this.isServerThere = isReached;
    clearTimeout(this.#timer);
    if (!isReached) this.#timer = setTimeout(() => void again(), AGAIN_MS);
  }
}

export const link = new Link();
