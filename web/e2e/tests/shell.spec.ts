// What stands around every page: what is dropped or pasted on it, what is said above it, and where the focus goes.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PORTRAIT, SHORT, SMALL } from "../house/films";
import { useLandfall } from "../house/landfall";
import { Gate } from "../house/gate";
import { choose, dragged, drop, isPublished, row } from "../house/pages";
import { expect, NOT_SIGNED_IN, signIn, test } from "../house/watched";

const landfall = useLandfall();

test("a film that is dropped on any page is uploaded, and the page is never left for it", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "ann", "#/admin");
  await expect(page.getByRole("heading", { level: 1, name: "Admin" })).toBeVisible();
  const dataTransfer = await dragged(page, SHORT);
  await page.locator("body").dispatchEvent("dragover", { dataTransfer });
  await expect(page.getByText("Let go to upload")).toBeVisible();
  expect(await drop(page.locator("body"), dataTransfer)).toBe("taken");
  await expect(page.getByRole("heading", { level: 1, name: "Upload" })).toBeVisible();
  await isPublished(row(page, "short"));
});

test("whoever is not signed in is told so, and stays where they are", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(landfall.it.api);
  await expect(page.getByLabel("Access token")).toBeVisible();
  const dataTransfer = await dragged(page, SHORT);
  await page.locator("body").dispatchEvent("dragover", { dataTransfer });
  await expect(page.getByText("Sign in to upload")).toBeVisible();
  expect(await drop(page.locator("body"), dataTransfer)).toBe("taken");
  await expect(page.getByLabel("Access token")).toBeVisible();
});

test("pasted on the library, and chosen as a folder", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "bob");
  await expect(page.getByRole("heading", { level: 1, name: "Library" })).toBeVisible();
  const clipboardData = await dragged(page, SHORT);
  await page.locator("body").evaluate((body, clipboardData) => {
    body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, clipboardData);
  await isPublished(row(page, "short"));
  await page.getByRole("button", { name: "Remove from the list: short" }).click();

  const folder = mkdtempSync(join(tmpdir(), "landfall-folder-"));
  try {
    mkdirSync(join(folder, "summer"));
    copyFileSync(SMALL.path, join(folder, "summer", "beach.mp4"));
    copyFileSync(PORTRAIT, join(folder, "cover.png"));
    await page.getByLabel("Choose a folder").setInputFiles(folder);
    await isPublished(row(page, "beach"));
    await expect(page.getByText("Not uploaded")).toBeHidden();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what is said covers nothing, ends with its page, and is not said where it is seen", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "cleo", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 0);
  await choose(page, SHORT);
  await expect.poll(() => gate.waiting).toBe(1);
  await page.getByRole("link", { name: "Profile" }).click();
  await gate.open();
  const said = page.getByRole("banner").getByText("short is published.");
  await expect(said).toBeVisible();
  // Nothing lies under it: at each of its points it is itself that is there, and it is within the bar.
  const [bar, box] = [await page.getByRole("banner").boundingBox(), await said.boundingBox()];
  expect(box?.y).toBeGreaterThanOrEqual(bar?.y ?? 0);
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0));
  await page.getByRole("link", { name: "Library" }).click();
  await expect(said).toBeHidden();
  await page.getByRole("article").getByRole("link", { name: "short" }).last().click();
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Title").fill("Renamed");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Renamed" })).toBeVisible();
  await expect(page.getByRole("status", { name: "Messages" })).toBeEmpty();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("banner").getByText("“Renamed” was deleted.")).toBeVisible();
});

test("the focus goes to the heading of a page, also of one that has to load first", async ({ page, watch }) => {
  landfall.it.upload("dan", SHORT, "Sea");
  await signIn(page, watch, landfall.it, "dan");
  await page.getByRole("article").getByRole("link", { name: "Sea" }).last().click();
  await expect(page.getByRole("heading", { level: 1, name: "Sea" })).toBeFocused();
  await page.getByRole("link", { name: "Library" }).last().click();
  await expect(page.getByRole("heading", { level: 1, name: "Library" })).toBeFocused();
});

test("seven tabs listen by one stream, and all hear of what happens", async ({ page, context, watch }) => {
  let streams = 0;
  context.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/events") streams += 1;
  });
  await signIn(page, watch, landfall.it, "eve");
  const tabs = [page];
  await expect(page.getByRole("img", { name: "Kept up to date by itself" })).toBeVisible();
  while (tabs.length < 7) {
    const tab = await context.newPage();
    await tab.goto(`${landfall.it.api}/#/library`);
    await expect(tab.getByRole("img", { name: "Kept up to date by itself" })).toBeVisible();
    tabs.push(tab);
  }
  landfall.it.upload("eve", SHORT, "Told to all");
  for (const tab of tabs) await expect(tab.getByRole("heading", { name: "Told to all" })).toBeVisible();
  expect(streams).toBe(1);
  // The one that had the stream goes, and another takes over.
  await page.close();
  await expect.poll(() => streams).toBe(2);
  landfall.it.upload("eve", SHORT, "Told to the rest");
  for (const tab of tabs.slice(1)) await expect(tab.getByRole("heading", { name: "Told to the rest" })).toBeVisible();
  expect(streams).toBe(2);
});

test("a phone is not told to drop anything, and has its gallery and its camera at hand", async ({ browser, watch }) => {
  const phone = await browser.newContext({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } });
  watch.over(phone);
  const page = await phone.newPage();
  await signIn(page, watch, landfall.it, "fay", "#/upload");
  await expect(page.getByLabel("Choose from the gallery")).toHaveAttribute("accept", "video/*");
  await expect(page.getByLabel("Record a video")).toHaveAttribute("capture", "environment");
  await expect(page.getByText(/drop/i)).toBeHidden();
  await expect(page.getByText(/up to 50 GiB each/)).toBeVisible();
  await phone.close();
});
