// Part URLs that have expired before the browser could use them.

import { MIDDLE } from "../house/films";
import { digestOf, useLandfall } from "../house/landfall";
import { choose, isPublished, row } from "../house/pages";
import { expect, signIn, test } from "../house/watched";

const landfall = useLandfall(() => `[uploads]\nurl_ttl = "5s"\n`);

/** When a presigned URL stops working, in milliseconds since 1970. */
function endOf(url: string): number {
  const { searchParams } = new URL(url);
  const date = (searchParams.get("X-Amz-Date") ?? "").replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return Date.parse(date) + Number(searchParams.get("X-Amz-Expires")) * 1000;
}

test("a part whose URL has expired is signed again", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "ann", "#/upload");
  watch.expect(/status of 403 .*\/landfall-(private|public)\//);
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.status() === 403) refused.push(response.url());
  });
  let isFirst = true;
  await page.route(
    (url) => url.origin === landfall.it.store && url.pathname.startsWith("/landfall-private/"),
    async (route) => {
      if (isFirst) {
        isFirst = false;
        const end = endOf(route.request().url());
        expect(end).toBeGreaterThan(Date.now() - 60_000);
        // The store's own clock is this machine's.
        await expect.poll(() => Date.now(), { timeout: 15_000 }).toBeGreaterThan(end + 1000);
      }
      await route.continue();
    },
  );
  await choose(page, MIDDLE);
  await isPublished(row(page, "middle"));
  expect(refused.length).toBeGreaterThan(0);
  const [asset] = await landfall.it.assets("ann");
  expect(asset && (await landfall.it.digest("ann", asset))).toBe(await digestOf(MIDDLE.path));
});
