// Watching: the film really plays, seeks by Range, and can be watched by others with a link.

import { film, plays, timeOf } from "../house/film";
import { SHORT, SMALL } from "../house/films";
import { useLandfall } from "../house/landfall";
import { expect, NOT_SIGNED_IN, signIn, test } from "../house/watched";

const landfall = useLandfall();

test("it plays, and a seek asks for the bytes of that moment only", async ({ page, watch }) => {
  landfall.it.upload("ann", SMALL, "Sea");
  await signIn(page, watch, landfall.it, "ann");
  const ranges: number[] = [];
  page.on("response", async (response) => {
    const range = response.status() === 206 && (await response.request().allHeaders()).range;
    if (range) ranges.push(Number(/^bytes=(\d+)-/.exec(range)?.[1]));
  });
  await page.getByRole("link", { name: "Sea" }).click();
  await expect(page.getByRole("heading", { name: "Sea" })).toBeVisible();
  const video = film(page);
  await plays(video);
  expect(await video.evaluate(({ duration }: HTMLVideoElement) => duration)).toBeCloseTo(40, 0);

  await video.evaluate((element: HTMLVideoElement) => {
    element.currentTime = 35;
  });
  await expect.poll(() => timeOf(video)).toBeGreaterThan(35.3);
  await expect.poll(() => ranges.some((first) => first > SMALL.size / 2)).toBe(true);
});

test("a copied link plays for somebody without an account, until the video is deleted", async ({
  page,
  browser,
  watch,
}) => {
  landfall.it.upload("bob", SMALL, "산 위에서");
  await signIn(page, watch, landfall.it, "bob");
  await page.getByRole("link", { name: "산 위에서" }).click();
  await page.getByRole("button", { name: "Copy link" }).click();
  const dialog = page.getByRole("dialog", { name: "Copy a link" });
  await dialog.getByLabel("1 hour").check();
  await dialog.getByRole("button", { name: "Make a link and copy it" }).click();
  const link = await dialog.getByRole("textbox", { name: "Link" }).inputValue();
  expect(link).toContain(`${landfall.it.api}/#/shared/`);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  watch.expect(NOT_SIGNED_IN);
  const stranger = await browser.newContext();
  watch.over(stranger);
  const theirs = await stranger.newPage();
  await theirs.goto(link);
  await expect(theirs.getByRole("heading", { name: "산 위에서" })).toBeVisible();
  await plays(film(theirs));
  await expect(theirs.getByRole("navigation")).toBeHidden();

  await page.getByRole("button", { name: "Delete" }).click();
  const sure = page.getByRole("dialog", { name: "Delete this video?" });
  await sure.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("Nothing here yet")).toBeVisible();
  watch.expect(/status of 4\d\d .*\/w\//);
  await theirs.reload();
  await expect(theirs.getByText("This link does not work any more").first()).toBeVisible();
  await stranger.close();
});

test("a video that is deleted elsewhere is not asked for again", async ({ page, watch }) => {
  landfall.it.upload("dan", SHORT, "Tide");
  const [asset] = await landfall.it.assets("dan");
  const answers: number[] = [];
  page.on("response", (response) => {
    if (response.url() === `${landfall.it.api}/v1/videos/${asset?.id}`) answers.push(response.status());
  });
  await signIn(page, watch, landfall.it, "dan", `#/watch/videos/${asset?.id}`);
  await expect(page.getByRole("heading", { name: "Tide" })).toBeVisible();
  // It looks when it opens, and again when it has begun to hear of events.
  await expect.poll(() => answers).toEqual([200, 200]);
  await landfall.it.call("dan", `/v1/videos/${asset?.id}`, { method: "DELETE" });
  await expect(page.getByText("This video is not there any more").first()).toBeVisible();
  expect(answers).toEqual([200, 200]);
});

test("a download has the file's own name", async ({ page, watch }) => {
  landfall.it.upload("eve", SMALL, "Harbour");
  await signIn(page, watch, landfall.it, "eve");
  await page.getByRole("link", { name: "Harbour" }).click();
  const begun = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  expect((await begun).suggestedFilename()).toBe("five.mp4");
  expect(await (await begun).failure()).toBeNull();
});
