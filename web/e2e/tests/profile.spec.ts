// The profile image: chosen, cut to a square, seen by everybody, deleted.

import { PORTRAIT, SMALL } from "../house/films";
import { useLandfall } from "../house/landfall";
import { expect, signIn, test } from "../house/watched";

const landfall = useLandfall();

test("an image is cut by the keyboard, saved, replaced and deleted", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, "ann", "#/profile");
  await expect(page.getByRole("heading", { name: "You have no profile image yet" })).toBeVisible();
  const choose = page.getByLabel(/Choose (an|another) image/);
  await choose.setInputFiles({ name: "no.png", mimeType: "image/png", buffer: Buffer.from("no image") });
  await expect(page.getByText("This file cannot be read as an image")).toBeVisible();

  const image = page.getByRole("img", { name: "Your profile image" });
  const seen: string[] = [];
  for (const key of ["ArrowLeft", "ArrowRight"]) {
    await choose.setInputFiles(PORTRAIT);
    const area = page.getByRole("application", { name: /^Image position/ });
    await area.focus();
    for (let times = 0; times < 10; times += 1) await area.press(key);
    await page.getByRole("button", { name: "Use this image" }).click();
    await expect(image).toBeVisible();
    await expect.poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth)).toBe(480);
    // Whoever knows the address can see it, and it never means another image.
    const address = (await image.getAttribute("src")) ?? "";
    await expect(page.getByRole("navigation").locator("img")).toHaveAttribute("src", address);
    const answer = await fetch(address);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "image/jpeg"]);
    expect(seen).not.toContain(address);
    seen.push(address);
  }
  await page.reload();
  await expect(image).toBeVisible();
  await expect(page.getByRole("navigation").locator("img")).toBeVisible();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "You have no profile image yet" })).toBeVisible();
  await expect.poll(() => landfall.it.assets("ann", "images")).toEqual([]);
  await expect.poll(async () => (await fetch(seen[1] ?? "")).status).not.toBe(200);
});

test("what is stored is told", async ({ page, watch }) => {
  landfall.it.upload("eve", SMALL, "Five");
  await signIn(page, watch, landfall.it, "eve", "#/profile");
  const storage = page.getByRole("region", { name: "Storage" });
  await expect(storage.getByText("5.2 MB")).toBeVisible();
  await expect(storage).toContainText("Unfinished uploads 0 of 1,000");
});
