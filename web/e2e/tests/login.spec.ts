// The way in and out.

import { useLandfall } from "../house/landfall";
import { expect, NOT_SIGNED_IN, test } from "../house/watched";

const landfall = useLandfall();

test("a link signs in once, and its code does not stay in the address", async ({ page, browser, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  const link = landfall.it.loginLink("ann");
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  expect(page.url()).toBe(`${landfall.it.api}/#/library`);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Admin" })).toBeHidden();

  const other = await browser.newContext();
  watch.over(other);
  const second = await other.newPage();
  await second.goto(link);
  await expect(second.getByText("This link has been used or is too old")).toBeVisible();
  await other.close();
});

test("a token signs in, a wrong one says what to do, and signing out forgets", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(`${landfall.it.api}/#/upload`);
  const token = page.getByLabel("Access token");
  const submit = page.getByRole("button", { name: "Sign in" });
  await submit.click();
  await expect(page.getByText("Paste a token first.")).toBeVisible();
  await token.fill("not.a.token");
  await submit.click();
  await expect(page.getByText("This token is not accepted")).toBeVisible();
  // It can be mended where it is, and what is wrong is said of it.
  await expect(token).toHaveValue("not.a.token");
  await expect(token).toHaveAccessibleDescription(/This token is not accepted/);
  await expect(page.getByText("DIR")).toBeHidden();
  await token.fill(landfall.it.token("bob"));
  await submit.click();
  // Where they came for.
  await expect(page.getByRole("heading", { name: "Upload", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Settings" }).click();
  await expect(page.getByText("Signed in as bob")).toBeVisible();
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(token).toBeVisible();
  await page.reload();
  await expect(token).toBeVisible();
});
