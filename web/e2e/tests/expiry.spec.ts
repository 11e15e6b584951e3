// Part URLs that have expired before the browser could use them.

import { MIDDLE } from "../house/films";
import { digestOf, useLandfall } from "../house/landfall";
import { isPast } from "../house/lifetime";
import { choose, isPublished, row } from "../house/pages";
import { expect, signIn, test } from "../house/watched";

const landfall = useLandfall(() => `[uploads]\nurl_ttl = "5s"\n`);

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
        await isPast(route.request().url());
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
