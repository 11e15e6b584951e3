// Uploads on the upload page, and everything that comes between.

import type { Locator, Page } from "@playwright/test";
import { EMPTY, type Film, LARGE, MIDDLE, NOTE, SHORT, SMALL } from "../house/films";
import { Gate } from "../house/gate";
import { digestOf, useLandfall } from "../house/landfall";
import { choose, dragged, drop, isPublished, percentOf, row } from "../house/pages";
import { expect, NO_NETWORK, signIn, test } from "../house/watched";

const landfall = useLandfall();

/** What the API says of the one upload of this owner: it is created, and it is the film, byte for byte. */
async function isStored(owner: string, film: Film, title: string): Promise<void> {
  // What was typed in the last moment follows the publication.
  const seen = async () => (await landfall.it.assets(owner)).map(({ status, title }) => ({ status, title }));
  await expect.poll(seen).toEqual([{ status: "CREATED", title }]);
  const [asset] = await landfall.it.assets(owner);
  if (!asset) throw new Error("no asset");
  expect(asset.files.video).toMatchObject({ size: film.size, content_type: "video/mp4", file_name: film.name });
  expect(await landfall.it.digest(owner, asset)).toBe(await digestOf(film.path));
}

/** An upload whose first part has arrived, and whose others are held back. */
async function halfWay(page: Page): Promise<Gate> {
  const gate = await Gate.close(page, landfall.it.store, 1);
  await choose(page, MIDDLE);
  await expect.poll(() => gate.waiting, { timeout: 30_000 }).toBeGreaterThan(0);
  await expect.poll(() => percentOf(row(page, "middle"))).toBeGreaterThanOrEqual(33);
  return gate;
}

test("5 MiB, with a title, a description and a picture of its own", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "small", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 0);
  await choose(page, SMALL);
  const upload = row(page, "five");
  await expect(upload.getByText("Taken from the video")).toBeVisible();
  await upload.getByLabel("Title").fill("바다 🌊 sea");
  const renamed = row(page, "바다 🌊 sea");
  await renamed.getByLabel("Description (optional)").fill("From the window");
  await gate.open();
  await isPublished(renamed);
  await isStored("small", SMALL, "바다 🌊 sea");
  const [asset] = await landfall.it.assets("small");
  const picture = await fetch(asset?.files.thumbnail?.url ?? "");
  expect(picture.headers.get("content-type")).toBe("image/jpeg");
  await renamed.getByRole("link", { name: "Watch" }).click();
  await expect(page.getByRole("heading", { name: "바다 🌊 sea" })).toBeVisible();
  await expect(page.getByText("From the window")).toBeVisible();
});

test("300 MB", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "large", "#/upload");
  await choose(page, LARGE);
  await isPublished(row(page, "large"));
  await isStored("large", LARGE, "large");
});

test("several at once, and a word about each file that cannot be uploaded", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "many", "#/upload");
  await choose(page, SMALL, MIDDLE, EMPTY, NOTE);
  await expect(page.getByText("Not uploaded")).toBeVisible();
  await expect(page.getByText("empty.mp4 is empty.")).toBeVisible();
  await expect(page.getByText("note.txt is of a kind that cannot be uploaded here.")).toBeVisible();
  await isPublished(row(page, "five"));
  await isPublished(row(page, "middle"));
  await expect(page.getByText("2 of 2 done")).toBeVisible();
});

test("paused it sends nothing, resumed it ends", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "pause", "#/upload");
  const gate = await halfWay(page);
  const upload = row(page, "middle");
  await upload.getByRole("button", { name: "Pause: middle" }).click();
  await expect(upload.getByText("Paused", { exact: true })).toBeVisible();
  await gate.open();
  expect((await landfall.it.assets("pause"))[0]?.status).toBe("UPLOADING");
  await upload.getByRole("button", { name: "Resume: middle" }).click();
  await isPublished(upload);
  await isStored("pause", MIDDLE, "middle");
});

test("cancelled it is gone, here and at the server", async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  await signIn(page, watch, landfall.it, "cancel", "#/upload");
  const gate = await halfWay(page);
  await row(page, "middle").getByRole("button", { name: "Cancel: middle" }).click();
  const sure = page.getByRole("dialog", { name: "Cancel this upload?" });
  await sure.getByRole("button", { name: "Go on" }).click();
  await row(page, "middle").getByRole("button", { name: "Cancel: middle" }).click();
  await sure.getByRole("button", { name: "Cancel", exact: true }).click();
  await gate.open();
  await expect(row(page, "middle")).toBeHidden();
  await expect.poll(() => landfall.it.assets("cancel")).toEqual([]);
});

test("after a reload the same file goes on where it stopped", async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  page.on("dialog", (dialog) => void dialog.accept());
  await signIn(page, watch, landfall.it, "reload", "#/upload");
  const gate = await halfWay(page);
  await page.reload();
  const left = page.getByRole("heading", { name: "Left unfinished" });
  await expect(left).toBeVisible();
  const top = async (locator: Locator) => (await locator.boundingBox())?.y ?? 0;
  expect(await top(left), "before anything else").toBeLessThan(await top(page.locator(".zone")));
  const parts = gate.count;
  await gate.open();
  await page.getByLabel("Choose middle.mp4 again and go on").setInputFiles(SMALL.path);
  await expect(page.getByText("That is another file. To go on, choose middle.mp4.")).toBeVisible();
  await page.getByLabel("Choose middle.mp4 again and go on").setInputFiles(MIDDLE.path);
  await expect(row(page, "middle"), "once, not twice").toHaveCount(1);
  await isPublished(row(page, "middle"));
  expect(gate.count - parts, "parts sent again").toBe(2);
  await isStored("reload", MIDDLE, "middle");
});

test("offline it waits, online it goes on by itself", async ({ page, context, watch }) => {
  watch.expect(NO_NETWORK);
  await signIn(page, watch, landfall.it, "offline", "#/upload");
  const gate = await halfWay(page);
  await context.setOffline(true);
  await gate.open();
  const upload = row(page, "middle");
  await expect(upload.getByText("Waiting for the network. The upload goes on by itself.")).toBeVisible();
  await expect(upload.getByText("Waiting", { exact: true })).toBeVisible();
  await expect(upload.getByText(/\/s|left/)).toBeHidden();
  await expect(page.getByRole("link", { name: "Offline: 1 waiting for the network" })).toBeVisible();
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page.getByText("You are offline.")).toBeVisible();
  await page.getByRole("link", { name: "Upload", exact: true }).click();
  await context.setOffline(false);
  await isPublished(row(page, "middle"));
  await isStored("offline", MIDDLE, "middle");
});

test("a server that is killed and started again only makes it wait", async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  await signIn(page, watch, landfall.it, "killed", "#/upload");
  const gate = await halfWay(page);
  await landfall.it.kill();
  await gate.open();
  await expect(row(page, "middle").getByText("No answer. Trying again.")).toBeVisible();
  await expect(page.getByText("The server does not answer.")).toBeVisible();
  await expect(page.getByRole("link", { name: "1 waiting for the server" })).toBeVisible();
  await landfall.it.restart();
  await isPublished(row(page, "middle"));
  await expect(page.getByText("The server does not answer.")).toBeHidden();
  await isStored("killed", MIDDLE, "middle");
});

test("two videos are dropped, and both are published", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "dan", "#/upload");
  const zone = page.locator(".zone");
  const dataTransfer = await dragged(page, SHORT, SMALL);
  await expect(page.getByText("Drop videos here")).toBeVisible();
  await zone.dispatchEvent("dragover", { dataTransfer });
  await expect(page.getByText("Let go to upload")).toBeVisible();
  // They leave the window, and come back.
  await zone.dispatchEvent("dragleave", { dataTransfer });
  await expect(page.getByText("Let go to upload")).toBeHidden();
  await zone.dispatchEvent("dragover", { dataTransfer });
  // The browser would open what nobody takes.
  expect(await drop(zone, dataTransfer)).toBe("taken");
  await expect(page.getByText("Let go to upload")).toBeHidden();
  await isPublished(row(page, "short"));
  await isPublished(row(page, "five"));
  const stored = await landfall.it.assets("dan");
  expect(stored.map(({ title }) => title).sort()).toEqual(["five", "short"]);
  for (const { path, name } of [SHORT, SMALL]) {
    const asset = stored.find(({ files }) => files.video?.file_name === name);
    expect(asset && (await landfall.it.digest("dan", asset))).toBe(await digestOf(path));
  }
});
