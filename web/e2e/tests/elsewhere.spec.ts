// The upload library on a page of another origin: CORS of the API and of the store, with a token instead of a cookie.

import { MIDDLE } from "../house/films";
import { digestOf, useLandfall } from "../house/landfall";
import { Site } from "../house/site";
import { expect, test } from "../house/watched";

const sites: Site[] = [];

test.beforeAll(async () => {
  sites.push(await Site.open("plain"), await Site.open("plain"));
});
test.afterAll(async () => {
  for (const site of sites) await site.close();
});

// Only the first of two equal pages is listed.
const landfall = useLandfall(() => `[web]\norigins = [${JSON.stringify(sites[0]?.origin)}]\n`);

test("a page of a listed origin uploads", async ({ page, watch }) => {
  const [site] = sites;
  if (!site) throw new Error("no page");
  watch.allow(landfall.it.api, landfall.it.store, site.origin);
  await page.goto(site.address({ server: landfall.it.api, token: landfall.it.token("ann") }));
  await page.getByLabel("File").setInputFiles(MIDDLE.path);
  await expect(page.getByRole("status")).toHaveText(/^published /);
  const [asset] = await landfall.it.assets("ann");
  expect(asset && (await landfall.it.digest("ann", asset))).toBe(await digestOf(MIDDLE.path));
});

test("a page of any other origin does not", async ({ page, watch }) => {
  const [, stranger] = sites;
  if (!stranger) throw new Error("no page");
  watch.allow(landfall.it.api, landfall.it.store, stranger.origin);
  watch.expect(/blocked by CORS policy/, /net::ERR_FAILED/);
  const refused = page.waitForEvent("console", (message) => message.text().includes("blocked by CORS policy"));
  await page.goto(stranger.address({ server: landfall.it.api, token: landfall.it.token("bob") }));
  await page.getByLabel("File").setInputFiles(MIDDLE.path);
  await refused;
  expect(await landfall.it.assets("bob")).toEqual([]);
});
