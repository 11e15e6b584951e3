// The main flows in Debian's Firefox: signing in, uploading, going on after a reload, watching, sharing.

import type { Page } from "puppeteer-core";
import { MIDDLE, SMALL } from "../house/films";
import { inFirefox } from "../house/firefox";
import { digestOf, useLandfall } from "../house/landfall";
import { expect, test } from "../house/watched";

const landfall = useLandfall();

// Firefox begins anew for each test, which alone takes half a minute on a machine that compiles beside it.
test.setTimeout(240_000);

async function choose(page: Page, film: { path: string }, label = "Choose videos"): Promise<void> {
  const field = await page.waitForSelector(`::-p-xpath(//label[contains(., "${label}")]/input)`);
  await (await field?.toElement("input"))?.uploadFile(film.path);
}

const seen = (page: Page, text: string) => page.waitForSelector(`::-p-text(${text})`);
const press = (page: Page, name: string) =>
  page.locator(`::-p-xpath(//button[@aria-label="${name}" or contains(., "${name}")])`).click();

test("a film is uploaded, watched by the keyboard, and shared", async () => {
  await inFirefox(async (page) => {
    await page.goto(landfall.it.loginLink("ann"));
    await seen(page, "Nothing here yet");
    await page.goto(`${landfall.it.api}/#/upload`);
    await choose(page, SMALL);
    await seen(page, "Published");
    const [asset] = await landfall.it.assets("ann");
    expect(asset && (await landfall.it.digest("ann", asset))).toBe(await digestOf(SMALL.path));
    expect(Object.keys(asset?.files ?? {}).sort()).toEqual(["thumbnail", "video"]);

    await page.goto(`${landfall.it.api}/#/watch/videos/${asset?.id}`);
    await page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) > 1);
    const film = () => page.evaluate(() => document.querySelector("video")?.currentTime ?? 0);
    const isPaused = (paused: boolean) =>
      page.waitForFunction((paused) => document.querySelector("video")?.paused === paused, {}, paused);
    await page.keyboard.press("k");
    await page.waitForFunction(() => (document.querySelector("video")?.currentTime ?? 0) > 0.3);
    await page.keyboard.press("k");
    await isPaused(true);
    // On the film itself, whose own keys do the same: once, not twice.
    await page.focus("video");
    const before = await film();
    await page.keyboard.press("ArrowRight");
    await expect.poll(film).toBeCloseTo(before + 5, 1);
    await page.keyboard.press(" ");
    await isPaused(false);

    await press(page, "Copy link");
    await press(page, "Make a link and copy it");
    const link = await page.waitForSelector("dialog input[readonly]");
    const address = (await link?.evaluate((field) => (field as HTMLInputElement).value)) ?? "";
    await page.goto(address);
    await seen(page, "Somebody shared this video with you.");
    await page.waitForFunction(() => (document.querySelector("video")?.readyState ?? 0) > 1);
  });
});

test("paused, and after a reload the same file goes on", async () => {
  await inFirefox(async (page) => {
    page.on("dialog", (dialog) => void dialog.accept());
    await page.goto(landfall.it.loginLink("bob"));
    await seen(page, "Nothing here yet");
    await page.goto(`${landfall.it.api}/#/upload`);
    // The second part never arrives, so it is in the middle when the page goes.
    await page.setRequestInterception(true);
    let parts = 0;
    let isOpen = false;
    page.on("request", (request) => {
      const isPart = request.method() === "PUT" && request.url().includes("/landfall-private/");
      if (isPart) parts += 1;
      if (isOpen || !isPart || parts === 1) void request.continue();
    });
    await choose(page, MIDDLE);
    await expect.poll(() => parts).toBeGreaterThan(1);
    await press(page, "Pause: middle");
    await seen(page, "Paused");
    await page.reload();
    await seen(page, "Left unfinished");
    isOpen = true;
    await choose(page, MIDDLE, "Choose the file");
    await seen(page, "Published");
    const [asset] = await landfall.it.assets("bob");
    expect(asset && (await landfall.it.digest("bob", asset))).toBe(await digestOf(MIDDLE.path));
  });
});
