// Every page in both languages and themes, at the widths of a phone and of a desk, held against axe's rules.

import type { Page } from "@playwright/test";
import { findings } from "../house/axe";
import { SHORT } from "../house/films";
import { useLandfall } from "../house/landfall";
import { expect, NOT_SIGNED_IN, signIn, test, type Watch } from "../house/watched";

const landfall = useLandfall();
const OWNER = "ann";

/** Each page by its address, and what its heading says in either language. */
const PAGES = [
  { place: "library", en: "Library", ko: "보관함" },
  { place: "upload", en: "Upload", ko: "업로드" },
  { place: "watch", en: "Sea", ko: "Sea" },
  { place: "shared", en: "Sea", ko: "Sea" },
  { place: "profile", en: "Profile image", ko: "프로필 이미지" },
  { place: "admin", en: "Admin", ko: "관리" },
];

test.beforeAll(() => landfall.it.upload(OWNER, SHORT, "Sea"));

/** Nothing is wider than the window. */
async function fits(page: Page): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

/** Opens a page; the shared one as somebody without an account. */
async function open(page: Page, watch: Watch, place: string): Promise<void> {
  const [asset] = await landfall.it.assets(OWNER);
  if (place !== "shared") {
    return signIn(page, watch, landfall.it, OWNER, place === "watch" ? `#/watch/videos/${asset?.id}` : `#/${place}`);
  }
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  const wish = { method: "POST", body: JSON.stringify({ ttl: 3600 }) };
  const grant = await landfall.it.call(OWNER, `/v1/videos/${asset?.id}/grants`, wish);
  await page.goto(`${landfall.it.api}/#/shared/${((await grant.json()) as { token: string }).token}`);
}

for (const { place, en, ko } of PAGES) {
  test(`${place}: both languages, both themes, 360 pixels and a desk`, async ({ page, watch }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open(page, watch, place);
    await page.getByRole("heading", { level: 1, name: en }).waitFor();
    const settings = page.getByRole("button", { name: /Settings|설정/ });
    for (const { language, heading, dark } of [
      { language: "English", heading: en, dark: "Dark" },
      { language: "한국어", heading: ko, dark: "어둡게" },
    ]) {
      await settings.click();
      await page.getByRole("radio", { name: language }).check();
      await page.getByRole("radio", { name: /^(Light|밝게)$/ }).check();
      await settings.click();
      await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
      await fits(page);
      expect(await findings(page), `${language}, light`).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 800 });
      await settings.click();
      await page.getByRole("radio", { name: dark }).check();
      expect(await findings(page), `${language}, dark`).toEqual([]);
      await settings.click();
      await page.setViewportSize({ width: 360, height: 740 });
    }
    // Both are remembered.
    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: ko })).toBeVisible();
    await expect(page.locator("html[lang=ko][data-theme=dark]")).toHaveCount(1);
  });
}

test("the way in, in either theme", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.goto(landfall.it.api);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await findings(page), colorScheme).toEqual([]);
  }
});

test("a browser that speaks Korean is spoken to in Korean", async ({ browser, watch }) => {
  const context = await browser.newContext({ locale: "ko-KR" });
  watch.over(context);
  const page = await context.newPage();
  await signIn(page, watch, landfall.it, OWNER);
  await expect(page.getByRole("heading", { level: 1, name: "보관함" })).toBeVisible();
  await context.close();
});

test("the keyboard alone reaches the pages", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, OWNER);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.getByRole("link", { name: "Upload", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Upload" })).toBeFocused();
});
