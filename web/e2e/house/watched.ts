// A browser that is watched: whatever a page says in its console as an error, whatever its policy forbids, and whatever it
// asks of anybody but this Landfall fails the test, unless the test said beforehand that it will happen.

import { type BrowserContext, test as base, type ConsoleMessage, expect, type Page } from "@playwright/test";
import type { Landfall } from "./landfall";

export class Watch {
  readonly #seen: string[] = [];
  readonly #expected: RegExp[] = [];
  readonly #hosts = new Set<string>();

  /** What pages may ask. */
  allow(...addresses: string[]): void {
    for (const address of addresses) this.#hosts.add(new URL(address).host);
  }

  /** What will be said, because the test brings it about. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** Watches a context, and every page that opens in it. */
  over(context: BrowserContext): void {
    context.on("console", (message) => this.#hear(message));
    context.on("weberror", (error) => this.#seen.push(`not caught: ${error.error().message}`));
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && !this.#hosts.has(url.host)) this.#seen.push(`asked ${url.host}`);
    });
  }

  /** What was seen and not expected. */
  get surprises(): string[] {
    return this.#seen.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
  }

  #hear(message: ConsoleMessage): void {
    const { url } = message.location();
    // Chromium reports a breach of the policy as an error of the console too.
    if (message.type() === "error") this.#seen.push(`${message.text()} (${url.split("?")[0]})`);
  }
}

interface Fixtures {
  watch: Watch;
}

export const test = base.extend<Fixtures>({
  watch: [
    async ({ context }, use) => {
      const watch = new Watch();
      watch.over(context);
      await use(watch);
      expect(watch.surprises, "errors in the console, and requests to others").toEqual([]);
    },
    { auto: true },
  ],
});

/** What a browser says of every answer that is not a success; the page asks who is signed in, and nobody is. */
export const NOT_SIGNED_IN = /status of 401 .*\/v1\/session\)$/;
/** What it says when there is no network, or no server. */
export const NO_NETWORK =
  /net::ERR_(INTERNET_DISCONNECTED|CONNECTION_\w+|EMPTY_RESPONSE|NETWORK_CHANGED|INCOMPLETE_CHUNKED_ENCODING|FAILED|ABORTED)/;

/** Signs the browser in, without a page, and opens one. */
export async function signIn(page: Page, watch: Watch, landfall: Landfall, owner: string, place = "#/library") {
  watch.allow(landfall.api, landfall.store);
  await beginSession(page, landfall, owner);
  await page.goto(`${landfall.api}/${place}`);
}

/** Gives the browser the cookie of a session. */
export async function beginSession(page: Page, landfall: Landfall, owner: string): Promise<void> {
  const code = landfall.loginLink(owner, "admin").split("/login/")[1];
  const answer = await page.request.post(`${landfall.api}/v1/session`, {
    data: { code },
    headers: { origin: landfall.api },
  });
  expect(answer.status()).toBe(200);
}

export { expect };
