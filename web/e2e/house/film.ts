// The film on the page: what is seen of it, and whether it goes on.

import { expect, type Locator, type Page } from "@playwright/test";

/** The element that is seen. The other one gets ready behind it. */
export function film(page: Page): Locator {
  return page.locator("video:visible");
}

export function timeOf(video: Locator): Promise<number> {
  return video.evaluate(({ currentTime }: HTMLVideoElement) => currentTime);
}

/** Begins to play by the keyboard, as people may, and sees time go by. */
export async function plays(video: Locator): Promise<void> {
  // Before it knows its film there is nothing to begin.
  await expect.poll(() => video.evaluate(({ readyState }: HTMLVideoElement) => readyState)).toBeGreaterThan(0);
  await video.focus();
  await video.press("Space");
  await goesOn(video);
}

/** It plays: time goes by. */
export async function goesOn(video: Locator): Promise<void> {
  const begun = await timeOf(video);
  await expect.poll(() => timeOf(video)).toBeGreaterThan(begun + 0.3);
}
