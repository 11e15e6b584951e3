// A film that is longer than the life of its address: the address is renewed while it plays, and nobody notices.

import type { Page } from "@playwright/test";
import { SMALL } from "../house/films";
import { useLandfall } from "../house/landfall";
import { isPast } from "../house/lifetime";
import { expect, NOT_SIGNED_IN, signIn, test, type Watch } from "../house/watched";

// An address lives six to seven seconds. The page renews it five seconds before its end, however short it lives.
const landfall = useLandfall(() => `[delivery]\nwindow = "1s"\nttl = "6s"\n`);

/** Further back than this is seen as a jump: a frame of these films. */
const FRAME_SECONDS = 0.04;
/** Longer than this is seen as a stop. */
const STILL_MS = 250;

/** What somebody in front of the page saw, looking at each frame. */
interface Seen {
  /** The addresses that were played, in their order. */
  addresses: string[];
  /** How far the film fell back, at the most, in seconds of film. */
  back: number;
  /** How far it leapt beyond what the clock allows, at the most, in seconds of film. */
  leap: number;
  /** How long the film stood still, at the most, in milliseconds; and a frame in which the page itself did, at the most. */
  still: number;
  frame: number;
  /** Frames in which it was paused, or made no sound that it should make. */
  paused: number;
  muted: number;
  /** Seconds of film, and seconds of the clock, between the first look and the last. */
  film: number;
  clock: number;
}

/** Looks at the film that is shown, at each frame, from now on. */
async function look(page: Page): Promise<() => Promise<Seen>> {
  await page.evaluate(() => {
    const seen: Seen = {
      addresses: [],
      back: 0,
      leap: 0,
      still: 0,
      frame: 0,
      paused: 0,
      muted: 0,
      film: 0,
      clock: 0,
    };
    Object.assign(window, { seen });
    let first: { at: number; film: number } | undefined;
    let last = { at: 0, film: 0 };
    let moved = 0;
    const glance = (at: number) => {
      const shown = [...document.querySelectorAll("video")].find(
        (video) => getComputedStyle(video).visibility === "visible",
      );
      requestAnimationFrame(glance);
      if (!shown) return;
      const film = shown.currentTime;
      if (first) {
        seen.back = Math.max(seen.back, last.film - film);
        seen.leap = Math.max(seen.leap, film - last.film - (at - last.at) / 1000);
        seen.frame = Math.max(seen.frame, at - last.at);
        if (film !== last.film) moved = at;
        seen.still = Math.max(seen.still, at - moved);
      } else {
        first = { at, film };
        moved = at;
      }
      if (seen.addresses.at(-1) !== shown.src) seen.addresses.push(shown.src);
      if (shown.paused) seen.paused += 1;
      if (shown.muted) seen.muted += 1;
      seen.film = film - first.film;
      seen.clock = (at - first.at) / 1000;
      last = { at, film };
    };
    requestAnimationFrame(glance);
  });
  return () => page.evaluate(() => (window as unknown as { seen: Seen }).seen);
}

/** Opens the film as its owner. */
async function asOwner(page: Page, watch: Watch, owner: string): Promise<void> {
  await signIn(page, watch, landfall.it, owner);
  await page.getByRole("link", { name: "Sea" }).click();
}

/** Opens the film as somebody who was given a link. */
async function byLink(page: Page, watch: Watch, owner: string): Promise<void> {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  const [asset] = await landfall.it.assets(owner);
  const wish = { method: "POST", body: JSON.stringify({ ttl: 3600 }) };
  const grant = await landfall.it.call(owner, `/v1/videos/${asset?.id}/grants`, wish);
  const { token } = (await grant.json()) as { token: string };
  await page.goto(`${landfall.it.api}/#/shared/${token}`);
}

const WAYS = [
  { name: "for its owner", owner: "ann", open: asOwner, asks: /\/files\/video\/url$/ },
  { name: "for whoever was given a link", owner: "ivy", open: byLink, asks: /\/w\/[^/]+$/ },
];

for (const { name, owner, open, asks } of WAYS) {
  test(`the address is renewed while the film plays, and the film goes on, ${name}`, async ({ page, watch }) => {
    landfall.it.upload(owner, SMALL, "Sea");
    let asked = 0;
    page.on("request", (request) => {
      if (asks.test(request.url())) asked += 1;
    });
    await open(page, watch, owner);
    await goesOnUnseen(page);
    expect(asked).toBeGreaterThanOrEqual(3);
  });
}

/** Plays it through two renewals, and sees nothing of them. */
async function goesOnUnseen(page: Page): Promise<void> {
  const video = page.locator("video:visible");
  await expect.poll(() => video.evaluate(({ readyState }: HTMLVideoElement) => readyState)).toBeGreaterThan(1);
  await video.focus();
  await video.press("Space");
  await expect.poll(() => video.evaluate(({ currentTime }: HTMLVideoElement) => currentTime)).toBeGreaterThan(0.3);

  const seen = await look(page);
  await expect.poll(async () => (await seen()).addresses.length).toBeGreaterThanOrEqual(3);
  const { addresses } = await seen();
  await isPast(addresses[0] ?? "");
  // The first one has ended, and the film goes on without it.
  expect((await page.request.get(addresses[0] ?? "")).status()).toBe(403);
  const { film: then } = await seen();
  await expect.poll(async () => (await seen()).film).toBeGreaterThan(then + 1);

  const { back, leap, still, frame, paused, muted, film, clock } = await seen();
  expect(new Set(addresses).size).toBe(addresses.length);
  expect({ paused, muted }).toEqual({ paused: 0, muted: 0 });
  expect(back).toBeLessThan(FRAME_SECONDS);
  expect(leap).toBeLessThan(STILL_MS / 1000);
  expect(still).toBeLessThan(STILL_MS + frame);
  // Nothing was left out, and nothing was seen twice.
  expect(Math.abs(film - clock)).toBeLessThan(0.25 * addresses.length);
}
