// Signed addresses that end where one video element cannot take over from another: in full screen, and where it has run dry.

import type { Page } from "@playwright/test";
import { film, goesOn, plays, timeOf } from "../house/film";
import { SMALL } from "../house/films";
import { useLandfall } from "../house/landfall";
import { expect, signIn, test, type Watch } from "../house/watched";

const landfall = useLandfall(() => `[delivery]\nwindow = "1s"\nttl = "6s"\n`);

const MIB = 1024 * 1024;
/** Two seconds of film. */
const ENOUGH = MIB / 4;

/** What is shown outside the page: its address, how far it is, and whether it plays. */
const outside = (page: Page) =>
  page.evaluate(() => {
    const video = document.fullscreenElement ?? document.pictureInPictureElement;
    if (!(video instanceof HTMLVideoElement)) return undefined;
    return { url: video.getAttribute("src") ?? "", at: video.currentTime, isPaused: video.paused };
  });

async function watching(page: Page, watch: Watch, owner: string): Promise<void> {
  landfall.it.upload(owner, SMALL, "Sea");
  const [asset] = await landfall.it.assets(owner);
  await signIn(page, watch, landfall.it, owner, `#/watch/videos/${asset?.id}`);
  await plays(film(page));
}

/** Where elements cannot be exchanged. */
const OUTSIDE = [
  {
    name: "in full screen",
    enter: (video: HTMLVideoElement) => video.requestFullscreen(),
    leave: () => document.exitFullscreen(),
  },
  {
    name: "in picture-in-picture",
    enter: async (video: HTMLVideoElement) => void (await video.requestPictureInPicture()),
    leave: () => document.exitPictureInPicture(),
  },
];

/**
 * A line over which the addresses that are asked for, until what this gives is called, bring two seconds of film and no
 * more. What lies behind the pictures is read before them.
 */
async function slowLine(page: Page): Promise<() => void> {
  const slow = new Set<string>();
  let isSlow = true;
  await page.route(
    (url) => url.origin === landfall.it.store,
    async (route) => {
      const url = route.request().url();
      const headers = await route.request().allHeaders();
      if (isSlow) slow.add(url);
      const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1]);
      // Later, the store itself says that they have ended.
      if (!isSlow || !slow.has(url) || start > 4 * MIB) return route.continue();
      if (start < ENOUGH) await route.continue({ headers: { ...headers, range: `bytes=${start}-${ENOUGH - 1}` } });
      // Whatever else it asks for gets no answer.
    },
  );
  return () => void (isSlow = false);
}

for (const { name, enter, leave } of OUTSIDE) {
  test(`${name} the same element takes the fresh address when it runs dry, and another takes over on the way out`, async ({
    page,
    watch,
  }) => {
    const letGo = await slowLine(page);
    await watching(page, watch, name.replaceAll(" ", "-"));
    await film(page).evaluate(enter);
    letGo();
    const first = await outside(page);
    await expect.poll(async () => (await outside(page))?.url).not.toBe(first?.url);
    await expect.poll(async () => (await outside(page))?.at).toBeGreaterThan((first?.at ?? 0) + 3);
    const second = await outside(page);
    expect(second?.isPaused).toBe(false);
    await page.evaluate(leave);
    await expect.poll(() => film(page).getAttribute("src")).not.toBe(second?.url);
    expect(await timeOf(film(page))).toBeGreaterThan((second?.at ?? 0) - 0.3);
    await goesOn(film(page));
  });
}

test("a film that ran dry before its address could be renewed goes on at once", async ({ page, watch }) => {
  const letGo = await slowLine(page);
  let isReachable = true;
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  await page.route(
    (url) => url.pathname.endsWith("/files/video/url"),
    async (route) => {
      if (!isReachable) await reached;
      isReachable = false;
      await route.continue();
    },
  );
  await watching(page, watch, "dan");
  letGo();
  const dry = await film(page).getAttribute("src");
  const data = () => film(page).evaluate(({ readyState }: HTMLVideoElement) => readyState);
  await expect.poll(data, { intervals: [100] }).toBeLessThan(3);
  reach();
  // Waiting for the old one to get anywhere would never end.
  await expect.poll(() => film(page).getAttribute("src"), { intervals: [100] }).not.toBe(dry);
  await goesOn(film(page));
});

test("full screen begun while a new address gets ready takes nothing away", async ({ page, watch }) => {
  await watching(page, watch, "eve");
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const first = await film(page).evaluate((video: HTMLVideoElement) => video.currentSrc);
  const asked = new Promise<void>((resolve) => {
    void page.route(
      (url) => url.origin === landfall.it.store && url.href !== first,
      async (route) => {
        resolve();
        await released;
        await route.continue();
      },
    );
  });
  await asked;
  await film(page).evaluate((video: HTMLVideoElement) => video.requestFullscreen());
  const before = await outside(page);
  release();
  // The one behind is ready in a moment, and given up.
  const loaded = () => page.locator("video[src]").count();
  await expect.poll(loaded).toBe(1);
  expect(await outside(page)).toMatchObject({ url: before?.url, isPaused: false });
  await expect.poll(async () => (await outside(page))?.at).toBeGreaterThan((before?.at ?? 0) + 0.3);
});
