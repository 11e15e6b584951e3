// Holds part uploads back, so that a test can do something in the middle of one, however fast the machine is.

import type { Page, Route } from "@playwright/test";

export class Gate {
  #isOpen = false;
  #passed = 0;
  #held: Route[] = [];
  /** Parts of private files that pages wanted to send so far. */
  count = 0;

  private constructor(private readonly free: number) {}

  /** Lets so many parts through to the store, and holds the others. */
  static async close(page: Page, store: string, free: number): Promise<Gate> {
    const gate = new Gate(free);
    await page.route(
      (url) => url.origin === store,
      (route) => gate.#meet(route),
    );
    return gate;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#held.length;
  }

  /** Lets everything through, what waits first. */
  async open(): Promise<void> {
    this.#isOpen = true;
    await this.forget((route) => route.continue());
  }

  /** Lets go of what waits; nothing reaches the store any more. */
  async forget(how: (route: Route) => Promise<void> = (route) => route.abort()): Promise<void> {
    const held = this.#held;
    this.#held = [];
    // The page may have given them up by itself.
    await Promise.allSettled(held.map(how));
  }

  async #meet(route: Route): Promise<void> {
    const request = route.request();
    // Thumbnails are public; how fast they are is of no interest.
    if (request.method() !== "PUT" || !request.url().includes("/landfall-private/")) return route.continue();
    this.count += 1;
    if (this.#isOpen) return route.continue();
    this.#passed += 1;
    if (this.#passed <= this.free) return route.continue();
    this.#held.push(route);
  }
}
