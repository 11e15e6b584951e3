// Uppy's Dashboard over Landfall's own protocol, from a page of another origin: its buttons, its languages, its memory.

import type { Page } from "@playwright/test";
import { findings } from "../house/axe";
import { type Film, MIDDLE, NAMED } from "../house/films";
import { Gate } from "../house/gate";
import { digestOf, useLandfall } from "../house/landfall";
import { Site } from "../house/site";
import { remembered } from "../house/stock";
import { expect, NO_NETWORK, test, type Watch } from "../house/watched";

let site: Site | undefined;

test.beforeAll(async () => {
  site = await Site.open("dashboard");
});
test.afterAll(() => site?.close());

const landfall = useLandfall(() => `[web]\norigins = [${JSON.stringify(site?.origin)}]\n`);

async function open(page: Page, watch: Watch, owner: string, language: "en" | "ko"): Promise<void> {
  if (!site) throw new Error("no page");
  const { api: server, store } = landfall.it;
  watch.allow(server, store, site.origin);
  await page.goto(site.address({ server, token: landfall.it.token(owner), account: owner, language }));
}

// Cancel is there twice.
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).first().click();
const choose = (page: Page, { path }: Film) => page.locator("input[type=file]").first().setInputFiles(path);

/**
 * The rules of axe's that the Dashboard breaks, beyond two that it breaks by itself: its list of files is none to a screen
 * reader, and its buttons and its maker's name are faint.
 */
async function rules(page: Page): Promise<string[]> {
  const broken = (await findings(page)).map((finding) => finding.split(":")[0] ?? finding);
  return broken.filter((rule) => rule !== "aria-required-parent" && rule !== "color-contrast");
}

async function isStored(owner: string, { name, path }: Film): Promise<void> {
  await expect.poll(async () => (await landfall.it.assets(owner)).map(({ status }) => status)).toEqual(["CREATED"]);
  const [asset] = await landfall.it.assets(owner);
  expect(asset?.files.video?.file_name).toBe(name);
  expect(asset && (await landfall.it.digest(owner, asset))).toBe(await digestOf(path));
}

test("cancel, pause and resume by its buttons", async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  await open(page, watch, "ann", "en");
  const gate = await Gate.close(page, landfall.it.store, 1);
  const begin = async () => {
    await choose(page, MIDDLE);
    await press(page, "Upload 1 file");
    await expect.poll(() => gate.waiting).toBeGreaterThan(0);
  };
  await begin();
  await press(page, "Cancel");
  await gate.forget();
  await expect.poll(() => landfall.it.assets("ann")).toEqual([]);

  await begin();
  await press(page, "Pause");
  await expect(page.getByText("Upload paused")).toBeVisible();
  await gate.open();
  expect((await landfall.it.assets("ann"))[0]?.status).toBe("UPLOADING");
  await press(page, "Resume");
  await expect(page.getByText("Upload complete")).toBeVisible();
  await isStored("ann", MIDDLE);
});

test("in Korean, after a reload, a file that is chosen again goes on with what is missing", async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  page.on("dialog", (dialog) => void dialog.accept());
  await open(page, watch, "bob", "ko");
  await expect(page.getByRole("button", { name: "파일 선택" })).toBeVisible();
  expect(await rules(page), "empty").toEqual([]);
  const gate = await Gate.close(page, landfall.it.store, 1);
  await choose(page, NAMED.middle);
  await press(page, "1개의 파일 업로드");
  await expect.poll(() => gate.waiting).toBeGreaterThan(0);
  expect(await rules(page), "uploading").toEqual([]);
  await expect.poll(async () => (await remembered(page)).notes).toMatch(/"uploadStarted":\d/);
  await page.reload();
  await expect(page.getByText("이전 작업을 복원했습니다")).toBeVisible();
  await expect(page.getByText("파일 1개를 완전히 복원하지 못했습니다.")).toBeVisible();
  expect(await rules(page), "restored").toEqual([]);
  const before = gate.count;
  await gate.open();
  await press(page, "다시 선택");
  await choose(page, NAMED.middle);
  await press(page, "1개의 파일 업로드");
  await isStored("bob", NAMED.middle);
  expect(gate.count - before, "of three parts one had arrived").toBe(2);
});
