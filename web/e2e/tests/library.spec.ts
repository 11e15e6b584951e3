// The library: found by words and by state, and kept fresh by what happens elsewhere.

import { SHORT, SMALL, THREE } from "../house/films";
import { useLandfall } from "../house/landfall";
import { choose, isPublished, row } from "../house/pages";
import { Gate } from "../house/gate";
import { expect, NO_NETWORK, signIn, test } from "../house/watched";

const landfall = useLandfall();

test("search and chips narrow it, and say when nothing fits", async ({ page, watch }) => {
  for (const title of ["Harbour at dawn", "Harbour at night", "한라산 등반"]) landfall.it.upload("ann", SHORT, title);
  await signIn(page, watch, landfall.it, "ann", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 0);
  await choose(page, SHORT);
  await expect.poll(() => gate.waiting).toBe(1);
  await page.getByRole("link", { name: "Library" }).click();

  const titles = page.getByRole("article").getByRole("heading");
  await expect(titles).toHaveText(["short", "한라산 등반", "Harbour at night", "Harbour at dawn"]);
  const shown = page.getByRole("group", { name: "Show" });
  await shown.getByRole("button", { name: "Unfinished" }).click();
  await expect(titles).toHaveText(["short"]);
  await shown.getByRole("button", { name: "Published" }).click();
  await expect(titles).toHaveCount(3);

  const search = page.getByRole("searchbox", { name: "Search titles, descriptions and file names" });
  await search.fill("harbour");
  await expect(titles).toHaveText(["Harbour at night", "Harbour at dawn"]);
  await search.fill("한라산");
  await expect(titles).toHaveText(["한라산 등반"]);
  // What is shown stands in the address: it survives a reload, and a way to another page and back.
  await page.getByRole("link", { name: "한라산 등반" }).last().click();
  await expect(page.getByRole("heading", { level: 1, name: "한라산 등반" })).toBeVisible();
  await page.goBack();
  await expect(titles).toHaveText(["한라산 등반"]);
  await expect(search).toHaveValue("한라산");
  await expect(shown.getByRole("button", { name: "Published" })).toHaveAttribute("aria-pressed", "true");
  await search.fill("submarine");
  await expect(page.getByText("Nothing fits")).toBeVisible();
  await page.getByRole("button", { name: "Show everything" }).click();
  await expect(titles).toHaveCount(4);

  await page.getByRole("link", { name: "Upload", exact: true }).click();
  await gate.open();
  await isPublished(row(page, "short"));
});

test("what is published, changed or deleted elsewhere shows without a reload", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "bob");
  await expect(page.getByText("Nothing here yet")).toBeVisible();
  landfall.it.upload("bob", SHORT, "From the terminal");
  const card = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "From the terminal" }) });
  await expect(card).toBeVisible();

  await card.getByRole("button", { name: "Edit From the terminal" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit details" });
  await dialog.getByLabel("Title").fill("Renamed");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { name: "Renamed" })).toBeVisible();
  expect((await landfall.it.assets("bob")).map(({ title }) => title)).toEqual(["Renamed"]);

  const [asset] = await landfall.it.assets("bob");
  await landfall.it.call("bob", `/v1/videos/${asset?.id}`, { method: "DELETE" });
  await expect(page.getByText("Nothing here yet")).toBeVisible();
});

test("what happened while the line was broken is told, and the list is not asked for again", async ({
  page,
  watch,
}) => {
  watch.expect(NO_NETWORK);
  for (const title of ["One", "Two"]) landfall.it.upload("eve", SHORT, title);
  await signIn(page, watch, landfall.it, "eve");
  const titles = page.getByRole("article").getByRole("heading");
  await expect(titles).toHaveText(["Two", "One"]);
  await expect(page.getByRole("img", { name: "Kept up to date by itself" })).toBeVisible();
  // The first event that this page sees, so that it has one to name.
  const remove = async (title: string) => {
    const asset = (await landfall.it.assets("eve")).find((one) => one.title === title);
    await landfall.it.call("eve", `/v1/videos/${asset?.id}`, { method: "DELETE" });
  };
  await remove("Two");
  await expect(titles).toHaveText(["One"]);

  const isEvents = (url: URL) => url.pathname === "/v1/events";
  await page.route(isEvents, (route) => route.abort());
  await landfall.it.kill();
  await expect(page.getByRole("img", { name: "Kept up to date by itself" })).toBeHidden();
  await landfall.it.restart();
  await remove("One");
  let lists = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/v1/videos") lists += 1;
  });
  const back = page.waitForRequest((request) => isEvents(new URL(request.url())));
  await page.unroute(isEvents);
  await expect(page.getByText("Nothing here yet")).toBeVisible();
  expect((await (await back).allHeaders())["last-event-id"]).toMatch(/^\d+$/);
  expect(lists).toBe(0);
});

test("another order than the newest first stands in the address", async ({ page, watch }) => {
  for (const [film, title] of [
    [SMALL, "Large"],
    [SHORT, "Small"],
    [SHORT, "New"],
  ] as const)
    landfall.it.upload("sam", film, title);
  await signIn(page, watch, landfall.it, "sam");
  const titles = page.getByRole("article").getByRole("heading");
  await expect(titles).toHaveText(["New", "Small", "Large"]);
  const order = page.getByRole("combobox", { name: "Sort by" });
  await order.selectOption("Oldest");
  await expect(titles).toHaveText(["Large", "Small", "New"]);
  await order.selectOption("Largest");
  await expect(titles).toHaveText(["Large", "New", "Small"]);
  await page.reload();
  await expect(titles).toHaveText(["Large", "New", "Small"]);
  await expect(order).toHaveValue("largest");
  // What comes later takes its place among the others.
  landfall.it.upload("sam", THREE, "Largest");
  await expect(titles).toHaveText(["Largest", "Large", "New", "Small"]);
});

test("many are chosen by mouse and keyboard, shared, saved and deleted at once", async ({ page, watch }) => {
  for (const title of ["One", "Two", "Three", "Four"]) landfall.it.upload("kim", SHORT, title);
  await signIn(page, watch, landfall.it, "kim");
  const titles = page.getByRole("article").getByRole("heading");
  await expect(titles).toHaveText(["Four", "Three", "Two", "One"]);
  const bar = page.getByRole("group", { name: "With the selected videos" });
  await expect(bar).toBeHidden();
  await page.getByRole("checkbox", { name: "Select Four" }).focus();
  await page.keyboard.press("Space");
  await expect(bar.getByRole("status")).toContainText("1 selected");
  await page.getByRole("checkbox", { name: "Select Two" }).click({ modifiers: ["Shift"] });
  await expect(bar.getByRole("status")).toContainText("3 selected");

  await bar.getByRole("button", { name: "Copy links" }).click();
  const sharing = page.getByRole("dialog", { name: "Copy links to 3 videos" });
  await sharing.getByRole("button", { name: "Make a link and copy it" }).click();
  const links = (await sharing.getByLabel("Link").inputValue()).split("\n");
  expect(links.map((line) => line.split(": ")[0])).toEqual(["Four", "Three", "Two"]);
  const token = links[0]?.split("/shared/")[1] ?? "";
  const shared = (await (await fetch(`${landfall.it.api}/w/${decodeURIComponent(token)}`)).json()) as { title: string };
  expect(shared.title).toBe("Four");
  await sharing.getByRole("button", { name: "Close" }).click();

  await page.getByRole("checkbox", { name: "Select Three" }).uncheck();
  const saved: string[] = [];
  page.on("download", (download) => saved.push(download.suggestedFilename()));
  await bar.getByRole("button", { name: "Download" }).click();
  await expect.poll(() => saved).toEqual(["short.mp4", "short.mp4"]);

  await bar.getByRole("button", { name: "Delete" }).click();
  const asking = page.getByRole("dialog", { name: "Delete 2 videos?" });
  await expect(asking).toContainText("“Four”, “Two”");
  await asking.getByRole("button", { name: "Delete" }).click();
  await expect(titles).toHaveText(["Three", "One"]);
  await expect(bar).toBeHidden();
  expect((await landfall.it.assets("kim")).map(({ title }) => title)).toEqual(["Three", "One"]);
});
