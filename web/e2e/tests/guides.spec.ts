// The pages of docs/guides, as they stand there. Only the example's address and credential are replaced by those of this
// Landfall, which a page cannot know before it is served: they come by the address.

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { SMALL } from "../house/films";
import { digestOf, useLandfall } from "../house/landfall";
import { blocks, Site } from "../house/site";
import { expect, test } from "../house/watched";

/** What stands between quotes in a guide, as an expression that reads it from the page's address. */
function given(page: string, quoted: string, name: string): string {
  const parts = page.split(quoted);
  expect(parts, `${quoted} once`).toHaveLength(2);
  return parts.join(`JSON.parse(decodeURIComponent(location.hash.slice(1))).${name}`);
}

const sites: Record<string, Site> = {};

test.beforeAll(async () => {
  const [five = "", six = ""] = blocks("uppy.md", "html");
  const [plain = ""] = blocks("uploader.md", "html");
  const [upload = ""] = blocks("uploader.md", "svelte");
  const [main = ""] = blocks("uploader.md", "js");
  const own = (page: string) => given(given(page, '"https://uploads.example.com"', "server"), '"TOKEN"', "token");
  sites.five = await Site.of(
    { "index.html": given(given(five, "'https://uploads.example.com/uppy'", "door"), "'TOKEN'", "token") },
    "uppy5",
  );
  sites.six = await Site.of(
    { "index.html": given(six, "'https://uploads.example.com/c/CAPABILITY'", "door") },
    "uppy6",
  );
  sites.plain = await Site.of({ "index.html": own(plain) }, "plain");
  const index = '<!doctype html><body><script type="module" src="./main.js"></script></body>';
  const files = { "index.html": index, "main.js": own(main), "Upload.svelte": upload };
  sites.svelte = await Site.of(files, "plain", [svelte({ configFile: false })]);
});
test.afterAll(async () => {
  for (const site of Object.values(sites)) await site.close();
});

const landfall = useLandfall(() => {
  const origins = Object.values(sites).map(({ origin }) => origin);
  return `[web]\norigins = ${JSON.stringify(origins)}\n`;
});

/** What each page is given, and what it says at the end. */
const PAGES: Record<string, { wishes: (owner: string) => object; done: RegExp }> = {
  five: { wishes: (owner) => ({ door: `${landfall.it.api}/uppy`, token: landfall.it.token(owner) }), done: /^done: / },
  six: {
    wishes: (owner) => {
      const words = ["--capability", "--owner", owner, "--collection", "videos", "--json"];
      return { door: (JSON.parse(landfall.it.command("token", ...words)) as { endpoint: string }).endpoint };
    },
    done: /^done: /,
  },
  plain: { wishes: (owner) => ({ server: landfall.it.api, token: landfall.it.token(owner) }), done: /^published$/ },
  svelte: { wishes: (owner) => ({ server: landfall.it.api, token: landfall.it.token(owner) }), done: /^published$/ },
};

for (const [name, { wishes, done }] of Object.entries(PAGES))
  test(`the guide's page ${name} uploads`, async ({ page, watch }) => {
    const site = sites[name];
    if (!site) throw new Error("no page");
    watch.allow(landfall.it.api, landfall.it.store, site.origin);
    // A page without an icon is asked for one.
    watch.expect(/favicon\.ico/);
    await page.goto(site.address(wishes(name)));
    await page.getByLabel("Video").setInputFiles(SMALL.path);
    await expect(page.getByRole("status")).toHaveText(done);
    await expect.poll(async () => (await landfall.it.assets(name)).map(({ status }) => status)).toEqual(["CREATED"]);
    const [asset] = await landfall.it.assets(name);
    expect(asset && (await landfall.it.digest(name, asset))).toBe(await digestOf(SMALL.path));
  });
