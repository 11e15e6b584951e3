// Every page and dialog in both languages and both themes, on a phone and on a desk, held against axe's rules; and whether they
// fit a phone, a desk and a wall of pixels.

import type { BrowserContextOptions, Locator, Page } from "@playwright/test";
import { TEXTS } from "../../app/src/texts";
import { findings } from "../house/axe";
import { MIDDLE, SHORT } from "../house/films";
import { Gate } from "../house/gate";
import { useLandfall } from "../house/landfall";
import { row } from "../house/pages";
import { beginSession, expect, NOT_SIGNED_IN, signIn, test } from "../house/watched";

const landfall = useLandfall();
const OWNER = "ann";
const LANGUAGES = { en: "en-GB", ko: "ko-KR" } as const;
const THEMES = ["light", "dark"] as const;
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };
const WALL = { width: 3840, height: 2160 };
/** The least that text may have on a wall of pixels, in pixels: half as much again as on a desk. */
const WALL_TEXT = 21;

type Texts = (typeof TEXTS)["en" | "ko"];

/** Something to look at. */
interface View {
  name: string;
  /** How one gets there from what was looked at before. */
  open?: (page: Page, t: Texts) => Promise<void>;
  /** Where it is in the page, if it is not all of it. */
  within?: string;
  /** The share of a wall's width that it uses at the least. A dialog is as wide as what it says. */
  share?: number;
}

interface Place {
  place: string;
  heading: (t: Texts) => string;
  views: View[];
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

/** The page behind it is looked at by itself. */
const dialog = (name: string, open: (page: Page, t: Texts) => Promise<void>): View => ({
  name,
  within: "dialog",
  open: async (page, t) => {
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await open(page, t);
    await expect(page.getByRole("dialog")).toBeVisible();
  },
});

const PLACES: Place[] = [
  {
    place: "library",
    heading: (t) => t.library.title,
    views: [
      { name: "list", share: 0.8 },
      { name: "settings", within: ".menu", open: (page, t) => press(page, t.shell.settings) },
    ],
  },
  { place: "upload", heading: (t) => t.upload.title, views: [{ name: "empty", share: 0.8 }] },
  {
    place: "watch",
    heading: () => "Sea",
    views: [
      { name: "film", share: 0.8 },
      dialog("share", async (page, t) => {
        await press(page, t.watch.copyLink);
        await press(page, t.watch.share.make);
        await page.getByRole("textbox", { name: t.watch.share.link }).waitFor();
      }),
      dialog("edit", (page, t) => press(page, t.watch.edit)),
      dialog("remove", (page, t) => press(page, t.watch.remove)),
    ],
  },
  { place: "shared", heading: () => "Sea", views: [{ name: "film", share: 0.8 }] },
  // One picture and one button.
  { place: "profile", heading: (t) => t.profile.title, views: [{ name: "image", share: 0.25 }] },
  {
    place: "admin",
    heading: (t) => t.admin.title,
    views: [
      // With its charts, whose first figures come within five seconds.
      { name: "overview", share: 0.8, open: (page) => page.locator("canvas").first().waitFor() },
      {
        name: "uploads",
        share: 0.8,
        open: async (page, t) => {
          await press(page, t.admin.views.uploads);
          await page.getByRole("button", { name: "Sea" }).waitFor();
        },
      },
      dialog("history", (page) => press(page, "Sea")),
      {
        name: "jobs",
        share: 0.8,
        open: async (page, t) => {
          const { views, jobs } = t.admin;
          await page.keyboard.press("Escape");
          await press(page, views.jobs);
          await page.getByRole("region", { name: jobs.reconcile }).getByRole("button", { name: jobs.dry }).click();
          await page.getByText(jobs.dryResult).waitFor();
          await press(page, jobs.check);
          await page.getByText(jobs.holds).waitFor();
        },
      },
    ],
  },
];

test.beforeAll(() => landfall.it.upload(OWNER, SHORT, "Sea"));

/** Held against axe in both themes on a phone and a desk, and fits both; a page fits a wall as well, and uses it. */
async function looks(page: Page, what: string, { share, within }: View): Promise<void> {
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    for (const size of [PHONE, DESK]) {
      const which = `${what}, ${colorScheme}, ${size.width} pixels`;
      await page.setViewportSize(size);
      expect(await findings(page, within), which).toEqual([]);
      expect((await page.evaluate(measure)).over, `${which}: wider than the window`).toBeLessThanOrEqual(0);
    }
  }
  if (share === undefined) return;
  await page.setViewportSize(WALL);
  const text = async () => (await page.evaluate(measure)).text;
  await expect.poll(text, `${what}, on a wall: the size of its text`).toBeGreaterThan(WALL_TEXT);
  const { over, used } = await page.evaluate(measure);
  expect(over, `${what}: wider than a wall`).toBeLessThanOrEqual(0);
  expect(used, `${what}: the share of a wall that is used`).toBeGreaterThanOrEqual(share);
}

/** Runs in the page: how far it is wider than its window, what share of that its content spans, and how large its text is. */
function measure(): { over: number; used: number; text: number } {
  const shown = document.querySelectorAll("main :is(h1, video, .card, .button, .input, .zone)");
  const boxes = [...shown].map((one) => one.getBoundingClientRect()).filter(({ width, height }) => width * height > 1);
  const span = Math.max(...boxes.map(({ right }) => right)) - Math.min(...boxes.map(({ left }) => left));
  return {
    over: document.documentElement.scrollWidth - innerWidth,
    used: span / innerWidth,
    text: Number.parseFloat(getComputedStyle(document.body).fontSize),
  };
}

/** Signs in once, for all browsers of an owner. */
async function sessionOf(page: Page, owner: string): Promise<BrowserContextOptions> {
  await beginSession(page, landfall.it, owner);
  return { storageState: await page.context().storageState() };
}

async function addressOf(place: string): Promise<string> {
  const [asset] = await landfall.it.assets(OWNER);
  if (place === "watch") return `${landfall.it.api}/#/watch/videos/${asset?.id}`;
  if (place !== "shared") return `${landfall.it.api}/#/${place}`;
  const wish = { method: "POST", body: JSON.stringify({ ttl: 3600 }) };
  const grant = await landfall.it.call(OWNER, `/v1/videos/${asset?.id}/grants`, wish);
  return `${landfall.it.api}/#/shared/${((await grant.json()) as { token: string }).token}`;
}

for (const { place, heading, views } of PLACES) {
  test(`${place}: both languages and both themes, at 360, 1280 and 3840 pixels`, async ({ page, browser, watch }) => {
    watch.allow(landfall.it.api, landfall.it.store);
    // A link is opened by somebody without an account.
    const session: BrowserContextOptions = place === "shared" ? {} : await sessionOf(page, OWNER);
    if (place === "shared") watch.expect(NOT_SIGNED_IN);
    for (const language of ["en", "ko"] as const) {
      const t = TEXTS[language];
      const context = await browser.newContext({ ...session, locale: LANGUAGES[language] });
      watch.over(context);
      const theirs = await context.newPage();
      await theirs.goto(await addressOf(place));
      await theirs.getByRole("heading", { level: 1, name: heading(t), exact: true }).waitFor();
      for (const view of views) {
        await view.open?.(theirs, t);
        await looks(theirs, `${place}, ${view.name}, ${language}`, view);
      }
      await context.close();
    }
  });
}

test("upload, under way: both languages and both themes, at 360, 1280 and 3840 pixels", async ({
  page,
  browser,
  watch,
}) => {
  watch.allow(landfall.it.api, landfall.it.store);
  const session = await sessionOf(page, "bob");
  for (const language of ["en", "ko"] as const) {
    const t = TEXTS[language].upload;
    const context = await browser.newContext({ ...session, locale: LANGUAGES[language] });
    watch.over(context);
    const theirs = await context.newPage();
    const gate = await Gate.close(theirs, landfall.it.store, 1);
    await theirs.goto(await addressOf("upload"));
    await theirs.getByLabel(t.choose).setInputFiles(MIDDLE.path);
    await expect.poll(() => gate.waiting).toBeGreaterThan(0);
    await expect(row(theirs, "middle").getByText(t.phases.uploading, { exact: true })).toBeVisible();
    await looks(theirs, `under way, ${language}`, { name: "row", share: 0.8 });
    await context.close();
  }
});

test("at 400 %, and in the colours of the system, everything is there", async ({ page, watch }) => {
  // A window of 1280 pixels at 400 %.
  await page.setViewportSize({ width: 320, height: 256 });
  await signIn(page, watch, landfall.it, "zoe", "#/upload");
  const gate = await Gate.close(page, landfall.it.store, 1);
  await page.getByLabel("Choose videos").setInputFiles(MIDDLE.path);
  await expect.poll(() => gate.waiting).toBeGreaterThan(0);
  for (const place of ["upload", "library", "profile", "admin"]) {
    await page.evaluate((place) => (location.hash = `#/${place}`), place);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect((await page.evaluate(measure)).over, `${place} at 400 %`).toBeLessThanOrEqual(0);
  }
  await page.evaluate(() => (location.hash = "#/upload"));
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  const bar = row(page, "middle").getByRole("progressbar");
  const [outer, inner] = [bar, bar.locator(".fill")];
  const colour = (of: Locator) => of.evaluate((element) => getComputedStyle(element).backgroundColor);
  // Without their own colours what is done would look like what is not.
  await expect.poll(async () => (await colour(outer)) !== (await colour(inner))).toBe(true);
  await expect.poll(() => inner.evaluate((element) => getComputedStyle(element).transitionDuration)).toBe("1e-05s");
  await gate.open();
});

test("language and theme are chosen, and remembered", async ({ page, watch }) => {
  await signIn(page, watch, landfall.it, OWNER);
  await press(page, "Settings");
  await page.getByRole("radio", { name: "한국어" }).check();
  await page.getByRole("radio", { name: "다크" }).check();
  await expect(page.locator("html[lang=ko][data-theme=dark]")).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "보관함" })).toBeVisible();
  await expect(page.locator("html[lang=ko][data-theme=dark]")).toHaveCount(1);
});

test("the way in, in both themes", async ({ page, watch }) => {
  watch.allow(landfall.it.api, landfall.it.store);
  watch.expect(NOT_SIGNED_IN);
  await page.goto(landfall.it.api);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await looks(page, "the way in", { name: "form", share: 0.1 });
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
