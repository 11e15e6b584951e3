// The pages as static files: from another origin than the API, below a path, told by config.json where the API is, and under
// the headers that docs/operating/web-client.md asks for.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { SHORT, SMALL } from "../house/films";
import { Host } from "../house/host";
import { useLandfall } from "../house/landfall";
import { choose, isPublished, row } from "../house/pages";
import { expect, NOT_SIGNED_IN, test, type Watch } from "../house/watched";

const PAGES = fileURLToPath(new URL("../../app/dist/", import.meta.url));
const GUIDE = readFileSync(new URL("../../../docs/operating/web-client.md", import.meta.url), "utf8");

/** What config.json says, where it is not the API's address. */
let said: string | undefined;
let host: Host | undefined;

test.beforeAll(async () => {
  host = await Host.open(PAGES, {
    base: "/pages/",
    headers: () => headers(),
    files: () => ({ "config.json": said ?? JSON.stringify({ api: landfall.it.api }) }),
  });
});
test.afterAll(() => host?.close());
test.afterEach(() => {
  said = undefined;
});

const landfall = useLandfall(() => `[web]\norigins = ["${host?.origin}", "http://localhost:${host?.port}"]\n`);

/** As the guide's table has them. */
function headers(): Record<string, string> {
  const rows = [...GUIDE.matchAll(/^ *\| `([\w-]+)` \| `([^|]+)` \|$/gm)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]);
  const { "Content-Security-Policy": policy, ...others } = Object.fromEntries(rows) as Record<string, string>;
  if (!policy) throw new Error("the guide has no policy");
  const filled = policy.replaceAll("API", landfall.it.api).replaceAll("STORE", landfall.it.store);
  return { ...others, "content-security-policy": filled };
}

/** Opens the pages and pastes a token. */
async function enter(page: Page, watch: Watch, origin: string, owner: string): Promise<void> {
  watch.allow(landfall.it.api, landfall.it.store, origin);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(`${origin}/pages/`);
  await page.getByLabel("Access token").fill(landfall.it.token(owner));
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("signing in, uploading, hearing of it, watching and sharing", async ({ page, browser, watch }) => {
  const { origin = "" } = host ?? {};
  await enter(page, watch, origin, "ann");
  // No login link leads to pages of another address than the API's.
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await expect(page.getByText("Nothing here yet")).toBeVisible();

  // Its own upload, and another from elsewhere, of which it hears.
  await page.getByRole("link", { name: "Upload", exact: true }).first().click();
  await choose(page, SMALL);
  await isPublished(row(page, "five"));
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page.getByRole("article").getByRole("heading")).toHaveText(["five"]);
  landfall.it.upload("ann", SHORT, "From the terminal");
  const titles = page.getByRole("article").getByRole("heading");
  await expect(titles).toHaveText(["From the terminal", "five"]);

  // The cookie is there after a reload, and an address of the pages can be shared.
  await page.reload();
  await page.getByRole("link", { name: "five" }).click();
  await plays(page);
  await page.getByRole("button", { name: "Copy link" }).click();
  const dialog = page.getByRole("dialog", { name: "Copy a link" });
  await dialog.getByRole("button", { name: "Make a link and copy it" }).click();
  const link = await dialog.getByRole("textbox", { name: "Link" }).inputValue();
  expect(link).toContain(`${origin}/pages/#/shared/`);
  const stranger = await browser.newContext();
  watch.over(stranger);
  const theirs = await stranger.newPage();
  await theirs.goto(link);
  await plays(theirs);
  await stranger.close();
});

async function plays(page: Page): Promise<void> {
  const video = page.locator("video:visible");
  await expect.poll(() => video.evaluate(({ readyState }: HTMLVideoElement) => readyState)).toBeGreaterThan(1);
  await video.focus();
  await video.press("Space");
  await expect.poll(() => video.evaluate(({ currentTime }: HTMLVideoElement) => currentTime)).toBeGreaterThan(0.3);
}

test("a browser that keeps no cookie of the API's site is told so", async ({ page, watch }) => {
  await enter(page, watch, `http://localhost:${host?.port}`, "bob");
  await expect(page.getByText("Your browser does not keep this session")).toBeVisible();
  await expect(page.getByText("serve these pages and the API from one site")).toBeVisible();
  await expect(page.getByLabel("Access token")).toBeVisible();
  await expect(page.getByText("landfall login")).toBeHidden();
});

test("a config.json that is not understood is no reason to ask somebody else", async ({ page, watch }) => {
  const { origin = "" } = host ?? {};
  watch.allow(origin);
  said = '{"API": "https://uploads.example.com"}';
  await page.goto(`${origin}/pages/`);
  await expect(page.getByText("check the address in config.json")).toBeVisible();
  said = undefined;
  watch.allow(landfall.it.api);
  watch.expect(NOT_SIGNED_IN);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByLabel("Access token")).toBeVisible();
});
