// Watching: the film really plays, seeks by Range, and can be watched by others with a link.

import { film, plays, timeOf } from "../house/film";
import { HEVC, PORTRAIT, SHORT, SILENT_HEVC, SMALL } from "../house/films";
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

for (const { film, what, sound } of [
  { film: HEVC, what: "whose sound alone it plays", sound: "sound" },
  { film: SILENT_HEVC, what: "of which it plays nothing", sound: "silent" },
]) {
  test(`a film ${what} is not shown as a black picture: the page says what it is, and gives it`, async ({
    page,
    watch,
  }) => {
    landfall.it.upload(sound, film, "From the phone");
    await signIn(page, watch, landfall.it, sound);
    await page.getByRole("article").getByRole("link", { name: "From the phone" }).last().click();
    await expect(page.getByText("This browser cannot show this video")).toBeVisible();
    await expect(page.getByText("It is MP4")).toBeVisible();
    await expect(page.locator("video:visible")).toHaveCount(0);
    const begun = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download the video" }).click();
    expect((await begun).suggestedFilename()).toBe(film.name);
  });
}

test("keys work without a click first, once each, and are left to other controls", async ({ page, watch }) => {
  landfall.it.upload("fay", SMALL, "Sea");
  const [asset] = await landfall.it.assets("fay");
  await signIn(page, watch, landfall.it, "fay", `#/watch/videos/${asset?.id}`);
  const video = film(page);
  await expect.poll(() => video.evaluate(({ readyState }: HTMLVideoElement) => readyState)).toBeGreaterThan(0);
  const isPaused = () => video.evaluate(({ paused }: HTMLVideoElement) => paused);
  await page.keyboard.press("k");
  await expect.poll(isPaused).toBe(false);
  await page.keyboard.press("Space");
  await expect.poll(isPaused).toBe(true);
  const begun = await timeOf(video);
  await page.keyboard.press("l");
  await expect.poll(() => timeOf(video)).toBeCloseTo(begun + 10, 1);
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => timeOf(video)).toBeCloseTo(begun + 15, 1);
  await page.keyboard.press("j");
  await expect.poll(() => timeOf(video)).toBeCloseTo(begun + 5, 1);
  await page.keyboard.press("m");
  expect(await video.evaluate(({ muted }: HTMLVideoElement) => muted)).toBe(true);
  // On the film itself, whose own keys do the same: once, not twice.
  await video.focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => timeOf(video)).toBeCloseTo(begun + 10, 1);
  await page.keyboard.press("Space");
  await expect.poll(isPaused).toBe(false);
  await page.keyboard.press("f");
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.tagName)).toBe("VIDEO");
  await page.keyboard.press("f");
  await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBeNull();
  await page.keyboard.press("k");
  // A button is pressed by the space bar, and a field is written in.
  await page.getByRole("button", { name: "Edit", exact: true }).focus();
  await page.keyboard.press("Space");
  await page.getByRole("dialog").getByLabel("Title").fill("");
  await page.keyboard.type("klm f");
  await expect(page.getByRole("dialog").getByLabel("Title")).toHaveValue("klm f");
  expect(await isPaused()).toBe(true);
});

test("speed, facts, a way back, and edges that are those of every page", async ({ page, watch }) => {
  landfall.it.upload("gus", SMALL, "Sea");
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page, watch, landfall.it, "gus");
  await page.getByRole("article").getByRole("link", { name: "Sea" }).last().click();
  const video = film(page);
  await page.getByLabel("Speed").selectOption({ label: "1.5×" });
  expect(await video.evaluate(({ playbackRate }: HTMLVideoElement) => playbackRate)).toBe(1.5);
  await expect(page.getByText("0:40")).toBeVisible();
  await expect(page.getByText("320 × 180")).toBeVisible();
  await expect(page.getByText(/signed/i)).toBeHidden();
  const edges = async (selector: string) => {
    const box = await page.locator(selector).first().boundingBox();
    return [box?.x ?? 0, (box?.x ?? 0) + (box?.width ?? 0)] as const;
  };
  const [[screen], [, beside], [brand], [, menu]] = [
    await edges(".player"),
    await edges(".beside"),
    await edges(".brand"),
    await edges(".menu"),
  ];
  expect(Math.abs(screen - brand)).toBeLessThan(2);
  expect(Math.abs(beside - menu)).toBeLessThan(2);
  await page.getByRole("main").getByRole("link", { name: "Library" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Library" })).toBeVisible();
});

test("a new thumbnail is a frame of the film, or an image, and a preview comes beside it", async ({ page, watch }) => {
  landfall.it.upload("ivy", SMALL, "Sea");
  const [asset] = await landfall.it.assets("ivy");
  await signIn(page, watch, landfall.it, "ivy", `#/watch/videos/${asset?.id}`);
  const dialog = page.getByRole("dialog", { name: "Edit details" });
  const files = async () => (await landfall.it.assets("ivy"))[0]?.files ?? {};
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await dialog.getByRole("button", { name: "Choose a frame" }).click();
  const frame = dialog.locator("video");
  await expect.poll(() => frame.evaluate(({ readyState }: HTMLVideoElement) => readyState)).toBeGreaterThan(1);
  await dialog.getByRole("slider").fill("20");
  await expect.poll(() => frame.evaluate(({ seeking }: HTMLVideoElement) => seeking)).toBe(false);
  await dialog.getByRole("button", { name: "Use this frame" }).click();
  await dialog.getByLabel("Preview: Choose a file").setInputFiles(SHORT.path);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const first = await files();
  expect(first.thumbnail?.content_type).toMatch(/^image\/(webp|jpeg)$/);
  expect(first.preview).toMatchObject({ size: SHORT.size, content_type: "video/mp4" });
  expect((await fetch(first.thumbnail?.url ?? "")).status).toBe(200);

  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await dialog.getByLabel("Thumbnail: Choose an image").setInputFiles(SHORT.path);
  await expect(dialog.getByText("This file cannot be used here.")).toBeVisible();
  await dialog.getByLabel("Thumbnail: Choose an image").setInputFiles(PORTRAIT);
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog).toBeHidden();
  const second = await files();
  expect(second.thumbnail?.content_type).toBe("image/png");
  expect(second.thumbnail?.url).not.toBe(first.thumbnail?.url);
});

test("the HTML for another page plays there, without an account", async ({ page, browser, watch }) => {
  landfall.it.upload("hal", SMALL, "Sea");
  const [asset] = await landfall.it.assets("hal");
  await signIn(page, watch, landfall.it, "hal", `#/watch/videos/${asset?.id}`);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Make a link and copy it" }).click();
  const html = await page.getByRole("dialog").getByLabel("For a page of your own").inputValue();
  const stranger = await browser.newContext();
  const theirs = await stranger.newPage();
  await theirs.setContent(html);
  await plays(theirs.locator("video"));
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
