// How an upload stands, said wherever it is shown: refused, left behind, on its way from elsewhere, done, or not to be seen.

import { FAKE, HEVC, MIDDLE, SHORT, SMALL } from "../house/films";
import { Gate } from "../house/gate";
import { useLandfall } from "../house/landfall";
import { choose, isPublished, row } from "../house/pages";
import { expect, NO_NETWORK, signIn, test } from "../house/watched";

const landfall = useLandfall();

/** Of an upload that the server has refused. */
const REFUSED = /status of 422 .*\/complete/;
const REASON = "The file is not what its name says.";

test("a refused file says why on every page, and another one takes its place under the same name", async ({
  page,
  watch,
}) => {
  watch.expect(REFUSED);
  await signIn(page, watch, landfall.it, "ann", "#/upload");
  await choose(page, FAKE);
  const refused = row(page, "fake");
  await expect(refused.getByText("Rejected", { exact: true })).toBeVisible();
  await expect(refused.getByText(REASON)).toBeVisible();
  await expect(refused.getByRole("button", { name: "Try again: fake" })).toBeHidden();

  await page.reload();
  await expect(row(page, "fake").getByText(REASON)).toBeVisible();
  await expect(page.getByText("Choose the same file again")).toBeHidden();
  await expect(page.getByRole("button", { name: "Remove: fake" })).toBeVisible();

  await page.getByRole("link", { name: "Library" }).click();
  const card = page.getByRole("article");
  await expect(card.getByText("Rejected", { exact: true })).toBeVisible();
  await expect(card.getByText(REASON)).toBeVisible();
  await card.getByLabel("Choose another file: fake").setInputFiles(SHORT.path);
  await isPublished(row(page, "fake"));
  const seen = (await landfall.it.assets("ann")).map(({ title, status }) => `${title} ${status}`);
  expect(seen).toEqual(["fake CREATED"]);
});

test("a refused file is removed where it was refused", async ({ page, watch }) => {
  watch.expect(REFUSED);
  await signIn(page, watch, landfall.it, "bob", "#/upload");
  await choose(page, FAKE);
  await page.getByRole("button", { name: "Remove: fake" }).click();
  await expect(row(page, "fake")).toBeHidden();
  await expect.poll(() => landfall.it.assets("bob")).toEqual([]);
});

test("what nothing sends is left unfinished, and what another tab sends is uploading", async ({
  page,
  context,
  watch,
}) => {
  watch.expect(NO_NETWORK);
  await signIn(page, watch, landfall.it, "cleo", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 1);
  await choose(page, MIDDLE);
  await expect.poll(() => gate.waiting, { timeout: 30_000 }).toBeGreaterThan(0);

  const other = await context.newPage();
  await other.goto(`${landfall.it.api}/#/upload`);
  await expect(row(other, "middle").getByText("Uploading in another tab")).toBeVisible();
  await expect(other.getByText("Choose the same file again")).toBeHidden();
  await other.getByRole("link", { name: "Library" }).click();
  await expect(other.getByRole("article").getByText("Uploading", { exact: true })).toBeVisible();

  await gate.forget();
  await page.close();
  await other.reload();
  await expect(other.getByRole("article").getByText("Left unfinished")).toBeVisible();
  await other.getByRole("link", { name: "Upload", exact: true }).click();
  await expect(other.getByText("Choose the same file again")).toBeVisible();
  // The same file by the large button, not by the one that asks for it: once, not twice.
  await choose(other, MIDDLE);
  await expect(row(other, "middle")).toHaveCount(1);
  await isPublished(row(other, "middle"));
});

test("a film that this browser cannot show has no picture, and the page says what it is", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "dan", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 0);
  await choose(page, HEVC);
  const upload = row(page, "hevc");
  await expect(upload.getByText("MP4, HEVC (H.265), 320 × 180, 0:03")).toBeVisible();
  await expect(upload.getByText("Thumbnail: No thumbnail")).toBeVisible();
  await gate.open();
  await isPublished(upload);
  const [asset] = await landfall.it.assets("dan");
  expect(Object.keys(asset?.files ?? {})).toEqual(["video"]);
});

test("one that is done takes a line, and what concerns several is there for several", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "eve", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 0);
  await choose(page, SMALL);
  await expect.poll(() => gate.waiting).toBe(1);
  await expect(page.getByRole("button", { name: "Cancel all" })).toBeHidden();
  await expect(row(page, "five").getByLabel("Title")).toBeVisible();
  await choose(page, MIDDLE);
  await expect(page.getByRole("button", { name: "Cancel all" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Pause all" })).toBeVisible();
  await expect(page.getByRole("progressbar", { name: "Progress of all uploads" })).toBeVisible();
  await expect(row(page, "middle").getByLabel("Title")).toBeHidden();
  await row(page, "middle").getByRole("button", { name: "Details: middle" }).click();
  await expect(row(page, "middle").getByLabel("Title")).toBeVisible();
  await gate.open();
  await isPublished(row(page, "five"));
  await isPublished(row(page, "middle"));
  await expect(row(page, "five").getByLabel("Title")).toBeHidden();
  expect((await row(page, "five").boundingBox())?.height).toBeLessThan(64);
  await expect(page.getByRole("button", { name: "Cancel all" })).toBeHidden();
  await page.getByRole("button", { name: "Clear finished" }).click();
  await expect(row(page, "five")).toBeHidden();
});

test("a film that is there already is noticed before anything is sent", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "fay", "#/upload");
  await choose(page, SHORT);
  await isPublished(row(page, "short"));
  await page.getByRole("button", { name: "Remove from the list: short" }).click();
  let sent = 0;
  page.on("request", (request) => {
    if (request.method() === "PUT") sent += 1;
  });
  await choose(page, SHORT);
  await expect(row(page, "short").getByText("You have this video already: “short”.")).toBeVisible();
  expect(sent).toBe(0);
  await page.getByRole("button", { name: "Upload again: short" }).click();
  await isPublished(row(page, "short"));
  expect((await landfall.it.assets("fay")).map(({ status }) => status)).toEqual(["CREATED", "CREATED"]);

  await page.getByRole("button", { name: "Remove from the list: short" }).click();
  await choose(page, SHORT);
  await row(page, "short").getByRole("link", { name: "Open it" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "short" })).toBeVisible();
});
