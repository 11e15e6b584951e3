// Presigned URLs that have expired: when that is, and pages that come too late.

import { expect, type Page, type Request } from "@playwright/test";
import type { Landfall } from "./landfall";

/** Waits until a presigned URL has stopped working. The store's own clock is this machine's. */
export async function isPast(url: string): Promise<void> {
  const end = endOf(url);
  expect(end, "made lately").toBeGreaterThan(Date.now() - 60_000);
  await expect.poll(() => Date.now(), { timeout: 15_000 }).toBeGreaterThan(end + 1000);
}

/** In milliseconds since 1970. */
function endOf(url: string): number {
  const { searchParams } = new URL(url);
  const date = (searchParams.get("X-Amz-Date") ?? "").replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(date) + Number(searchParams.get("X-Amz-Expires")) * 1000;
}

/**
 * A page that gets one of its URLs too late, as on a laptop that sleeps: the answer that carries it is held back until the
 * URL has expired. The request to the store itself cannot be held, because Uppy 5 gives it up when its time is over.
 */
export class Sleeper {
  /** URLs that the page was given, the late one among them. */
  signed = 0;
  /** How often the store answered 403. */
  refused = 0;
  /** How many parts were sent to it. */
  sent = 0;

  /** `late` counts from 1. */
  static async meet(page: Page, landfall: Landfall, late: number): Promise<Sleeper> {
    const sleeper = new Sleeper();
    page.on("response", (response) => {
      if (!response.url().startsWith(landfall.store) || response.request().method() !== "PUT") return;
      sleeper.sent += 1;
      if (response.status() === 403) sleeper.refused += 1;
    });
    await page.route(
      (url) => url.origin === landfall.api,
      async (route) => {
        if (!isForUrl(route.request())) return route.continue();
        sleeper.signed += 1;
        if (sleeper.signed !== late) return route.continue();
        const response = await route.fetch();
        const { url } = (await response.json()) as { url: string };
        await isPast(url);
        await route.fulfill({ response });
      },
    );
    return sleeper;
  }
}

/** Whether stock Uppy asks for a URL of the store: for one part, or for a whole file, in the ways of each door. */
function isForUrl(request: Request): boolean {
  const { pathname } = new URL(request.url());
  if (request.method() === "GET") return /\/s3\/(params|multipart\/[^/]+\/\d+)$/.test(pathname);
  if (request.method() !== "POST" || !pathname.endsWith("/s3/sign")) return false;
  return (request.postDataJSON() as { partNumber?: number }).partNumber !== undefined;
}
