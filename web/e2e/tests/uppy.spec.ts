// Stock Uppy, both generations, from a page of another origin: what arrives is an asset like any other.

import type { Page } from "@playwright/test";
import { type Film, LARGE, MIDDLE, NAMED } from "../house/films";
import { Gate } from "../house/gate";
import { digestOf, useLandfall } from "../house/landfall";
import { Site } from "../house/site";
import { expect, NO_NETWORK, test, type Watch } from "../house/watched";

type Generation = "uppy5" | "uppy6";

const sites: Partial<Record<Generation, Site>> = {};

test.beforeAll(async () => {
  for (const name of ["uppy5", "uppy6"] as const) sites[name] = await Site.open(name);
});
test.afterAll(async () => {
  for (const site of Object.values(sites)) await site.close();
});

const landfall = useLandfall(origins);

function origins(): string {
  return `[web]\norigins = ${JSON.stringify(Object.values(sites).map(({ origin }) => origin))}\n`;
}

interface Door {
  name: string;
  generation: Generation;
  /** What the page is told besides whether to send parts. */
  wishes: (owner: string) => Promise<{ door: string; token?: string; isSigned?: boolean }>;
}

async function capability(owner: string): Promise<{ door: string }> {
  const { endpoint } = JSON.parse(
    landfall.it.command("token", "--capability", "--owner", owner, "--collection", "videos", "--json"),
  ) as { endpoint: string };
  return { door: endpoint };
}

const FIVE: Door = {
  name: "5.1 with a header",
  generation: "uppy5",
  wishes: async (owner) => ({ door: `${landfall.it.api}/uppy`, token: landfall.it.token(owner) }),
};
const FIVE_BY_PATH: Door = { name: "5.1 with a capability", generation: "uppy5", wishes: capability };
const SIX: Door = { name: "6.3 with a capability", generation: "uppy6", wishes: capability };
const DOORS: Door[] = [
  FIVE,
  FIVE_BY_PATH,
  SIX,
  {
    name: "6.3 by signRequest",
    generation: "uppy6",
    wishes: async (owner) => ({ ...(await capability(owner)), isSigned: true }),
  },
];

/** Opens the page of a door. */
async function open(page: Page, watch: Watch, door: Door, owner: string, wishes: object): Promise<void> {
  const site = sites[door.generation];
  if (!site) throw new Error("the page is not built");
  watch.allow(landfall.it.api, landfall.it.store, site.origin);
  await page.goto(site.address({ ...(await door.wishes(owner)), ...wishes }));
}

const file = (page: Page) => page.getByLabel("File");
const state = (page: Page) => page.getByRole("status");
const press = (page: Page, name: string) => page.getByRole("button", { name }).click();

/** The owner's one asset is created, and it is this file, byte for byte. */
async function isStored(owner: string, { name, path }: Film): Promise<void> {
  await expect.poll(async () => (await landfall.it.assets(owner)).map(({ status }) => status)).toEqual(["CREATED"]);
  const [asset] = await landfall.it.assets(owner);
  if (!asset) throw new Error("no asset");
  expect(asset.files.video?.file_name).toBe(name);
  expect(await landfall.it.digest(owner, asset)).toBe(await digestOf(path));
}

/** An upload with one part there, and the others held back. */
async function halfWay(page: Page, free = 1): Promise<Gate> {
  const gate = await Gate.close(page, landfall.it.store, free);
  await file(page).setInputFiles(MIDDLE.path);
  await expect.poll(() => gate.waiting).toBeGreaterThan(0);
  return gate;
}

for (const [index, door] of DOORS.entries()) {
  const owner = (what: string) => `${what}-${index}`;

  test(`${door.name}: a small file as a whole, with a Korean name and an emoji`, async ({ page, watch }) => {
    await open(page, watch, door, owner("small"), { isMultipart: false });
    await file(page).setInputFiles(NAMED.short.path);
    await expect(state(page)).toHaveText("done");
    await isStored(owner("small"), NAMED.short);
  });

  test(`${door.name}: 24 MiB in parts, with a Korean name and an emoji`, async ({ page, watch }) => {
    await open(page, watch, door, owner("parts"), { isMultipart: true });
    await file(page).setInputFiles(NAMED.middle.path);
    await expect(state(page)).toHaveText("done");
    await isStored(owner("parts"), NAMED.middle);
  });

  // The capability is the same for both generations, and the header for every request.
  if (door === FIVE_BY_PATH) continue;

  test(`${door.name}: pause and resume`, async ({ page, watch }) => {
    watch.expect(NO_NETWORK);
    await open(page, watch, door, owner("pause"), { isMultipart: true });
    const gate = await halfWay(page);
    await press(page, "Pause");
    await gate.open();
    expect((await landfall.it.assets(owner("pause")))[0]?.status).toBe("UPLOADING");
    await press(page, "Resume");
    await expect(state(page)).toHaveText("done");
    await isStored(owner("pause"), MIDDLE);
  });

  test(`${door.name}: cancel`, async ({ page, watch }) => {
    watch.expect(NO_NETWORK);
    await open(page, watch, door, owner("cancel"), { isMultipart: true });
    const gate = await halfWay(page);
    await press(page, "Cancel");
    await gate.open();
    await expect(state(page)).toHaveText("cancelled");
    await expect.poll(() => landfall.it.assets(owner("cancel"))).toEqual([]);
  });
}

for (const door of [FIVE, SIX]) {
  const { generation } = door;

  test(`${door.name}: 300 MB`, async ({ page, watch }) => {
    await open(page, watch, door, `large-${generation}`, { isMultipart: true });
    await file(page).setInputFiles(LARGE.path);
    await expect(state(page)).toHaveText("done", { timeout: 60_000 });
    await isStored(`large-${generation}`, LARGE);
  });
}

test(`${FIVE.name}: after a reload Golden Retriever goes on`, async ({ page, watch }) => {
  watch.expect(NO_NETWORK);
  const owner = "reload";
  await open(page, watch, FIVE, owner, { isMultipart: true, isKept: true });
  const gate = await halfWay(page, 2);
  // What it needs to go on is kept: the upload's id, and the file itself.
  const kept = () => page.evaluate(() => Object.values(localStorage).some((text) => text.includes("uploadId")));
  await expect.poll(kept).toBe(true);
  const [asset] = await landfall.it.assets(owner);
  const arrived = async () => {
    const answer = await landfall.it.call(owner, `/v1/videos/${asset?.id}/files/video/parts`);
    return ((await answer.json()) as { data: unknown[] }).data.length;
  };
  await expect.poll(arrived).toBe(2);
  await page.reload();
  await expect(state(page)).toHaveText("restored");
  const before = gate.count;
  await gate.open();
  await press(page, "Go on");
  await expect(state(page)).toHaveText("done");
  expect(gate.count - before, "of five parts two had arrived").toBe(3);
  await isStored(owner, MIDDLE);
});

test("a file that is not what it says is refused, and Uppy says so", async ({ page, watch }) => {
  // Uppy repeats it in the console.
  watch.expect(/status of 422 /, /^\[Uppy\] /);
  await open(page, watch, FIVE, "wrong", { isMultipart: true });
  const buffer = Buffer.from("this is no film, whatever its name says\n".repeat(1000));
  await file(page).setInputFiles({ name: "wrong.mp4", mimeType: "video/mp4", buffer });
  await expect(state(page)).toHaveText(/^failed: .*first bytes are not of the announced type/);
  expect((await landfall.it.assets("wrong")).filter(({ status }) => status === "CREATED")).toEqual([]);
});
