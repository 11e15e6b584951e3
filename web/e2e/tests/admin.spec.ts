// The operator's page: figures that move, everybody's uploads, and the jobs run dry and for real.

import { SHORT } from "../house/films";
import { useLandfall } from "../house/landfall";
import { expect, NOT_SIGNED_IN, signIn, test } from "../house/watched";

const landfall = useLandfall();

test("figures, everybody's assets with their history, and the jobs", async ({ page, watch }) => {
  landfall.it.upload("ann", SHORT, "Of Ann");
  landfall.it.upload("bob", SHORT, "Of Bob");
  await signIn(page, watch, landfall.it, "operator", "#/admin");
  await expect(page.getByRole("heading", { level: 1, name: "Admin" })).toBeVisible();
  const figure = (name: string) =>
    page
      .getByRole("definition")
      .filter({ has: page.locator(`xpath=preceding-sibling::dt[normalize-space()="${name}"]`) });
  await expect(figure("Memory")).toHaveText(/^[\d.]+ MB$/);
  // The first sample comes within five seconds, and with it the charts.
  await expect(page.getByRole("heading", { name: "Last hour" })).toBeVisible();
  // Two films, each with its own row.
  await expect(page.getByRole("heading", { name: "Files by state" })).toBeVisible();

  const views = page.getByRole("group", { name: "Admin" });
  await views.getByRole("button", { name: "Uploads" }).click();
  const rows = page.getByRole("row");
  await expect(rows.filter({ hasText: "Of Ann" })).toBeVisible();
  await expect(rows.filter({ hasText: "Of Bob" })).toBeVisible();
  await page.getByLabel("Owner").fill("bob");
  await expect(rows.filter({ hasText: "Of Ann" })).toBeHidden();
  await page.getByRole("button", { name: "Of Bob", exact: true }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");

  await views.getByRole("button", { name: "Jobs" }).click();
  const expire = page.getByRole("region", { name: "Expire" });
  await expire.getByRole("button", { name: "Dry run" }).click();
  await expect(expire.getByText("Dry run: nothing was changed.")).toBeVisible();
  const reconcile = page.getByRole("region", { name: "Reconcile" });
  await reconcile.getByRole("button", { name: "Dry run" }).click();
  await expect(reconcile.getByText("Buckets and catalog agree.")).toBeVisible();
  await reconcile.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("dialog", { name: "Reconcile now?" }).getByRole("button", { name: "Run" }).click();
  await expect(reconcile.getByText("Done.")).toBeVisible();
  const audit = page.getByRole("region", { name: "Audit" });
  await audit.getByRole("button", { name: "Check" }).click();
  await expect(audit.getByText("All invariants hold.")).toBeVisible();
});

test("tabs and filters have addresses, and an owner is erased by typing its name", async ({ page, watch }) => {
  for (const title of ["First", "Second"]) landfall.it.upload("zoe", SHORT, title);
  landfall.it.upload("kept", SHORT, "Of another");
  await signIn(page, watch, landfall.it, "operator", "#/admin/uploads?owner=zoe");
  const rows = page.getByRole("row");
  await expect(rows.filter({ hasText: "First" })).toBeVisible();
  await expect(rows.filter({ hasText: "Of another" })).toBeHidden();
  await page.getByLabel("State").selectOption("Published");
  await expect(page).toHaveURL(/#\/admin\/uploads\?state=CREATED&owner=zoe$/);
  await page.getByRole("group", { name: "Admin" }).getByRole("button", { name: "Jobs" }).click();
  await expect(page).toHaveURL(/#\/admin\/jobs$/);
  await page.goBack();
  await expect(rows.filter({ hasText: "Second" })).toBeVisible();

  await page.getByRole("button", { name: "Erase everything of zoe…" }).click();
  const dialog = page.getByRole("dialog", { name: "Erase everything of zoe?" });
  const erase = dialog.getByRole("button", { name: "Erase" });
  await dialog.getByLabel("To go on, type zoe").fill("zo");
  await expect(erase).toBeDisabled();
  await dialog.getByLabel("To go on, type zoe").fill("zoe");
  await erase.click();
  await expect(page.getByText("Erased 2 of zoe.")).toBeVisible();
  await expect(page.getByText("No asset fits.")).toBeVisible();
  expect(await landfall.it.assets("zoe")).toEqual([]);
  expect(await landfall.it.assets("kept")).toHaveLength(1);
});

test("whoever is no operator is told so", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(landfall.it.loginLink("ann"));
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.goto(`${landfall.it.api}/#/admin`);
  await expect(page.getByText("This page is for operators").first()).toBeVisible();
});
