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
  await page.getByRole("button", { name: "Of Bob" }).click();
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

test("whoever is no operator is told so", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(landfall.it.loginLink("ann"));
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.goto(`${landfall.it.api}/#/admin`);
  await expect(page.getByText("This page is for operators").first()).toBeVisible();
});
