// Stock Uppy from a page of another origin: every flow by every door. What arrives is an asset like any other.

import { LARGE, NAMED, SHORT, THREE } from "../house/films";
import { useLandfall } from "../house/landfall";
import { Sleeper } from "../house/lifetime";
import { type Door, DOORS, FIVE, FIVE_BY_COOKIE, SIX, Sites, type Stock, WHOLE_TO_STORE } from "../house/stock";
import { expect, NO_NETWORK, test } from "../house/watched";

const sites = Sites.use();
const landfall = useLandfall(() => sites.config);
/** One whose URLs live shortly. */
const hasty = useLandfall(() => `[uploads]\nurl_ttl = "5s"\n${sites.config}`);

/** What Golden Retriever may keep: more than the film has, and what it allows by itself. */
const KEEPS = { all: 64 * 1024 * 1024, little: 10 * 1024 * 1024 };

for (const [index, door] of DOORS.entries()) {
  const by = (what: string) => ({ door, owner: `${what}-${index}` });

  if (door !== FIVE_BY_COOKIE)
    test(`${door.name}: a small file as a whole, with a Korean name and an emoji`, async ({ page, watch }) => {
      const stock = await sites.open(page, watch, landfall.it, by("small"), { isMultipart: false });
      await stock.choose(NAMED.short);
      await expect(stock.state).toHaveText("done");
      await stock.isStored(NAMED.short);
    });

  test(`${door.name}: 24 MiB in parts, with a Korean name and an emoji`, async ({ page, watch }) => {
    const stock = await sites.open(page, watch, landfall.it, by("parts"), { isMultipart: true });
    await stock.choose(NAMED.middle);
    await expect(stock.state).toHaveText("done");
    await stock.isStored(NAMED.middle);
  });

  test(`${door.name}: pause and resume`, async ({ page, watch }) => {
    watch.expect(NO_NETWORK);
    const stock = await sites.open(page, watch, landfall.it, by("pause"), { isMultipart: true });
    const gate = await stock.begin(THREE, 1);
    await stock.press("Pause");
    await gate.open();
    expect((await landfall.it.assets(by("pause").owner))[0]?.status).toBe("UPLOADING");
    await stock.press("Resume");
    await expect(stock.state).toHaveText("done");
    await stock.isStored(THREE);
  });

  test(`${door.name}: cancel`, async ({ page, watch }) => {
    watch.expect(NO_NETWORK);
    const stock = await sites.open(page, watch, landfall.it, by("cancel"), { isMultipart: true });
    const gate = await stock.begin(THREE, 1);
    await stock.press("Cancel");
    await gate.open();
    await expect(stock.state).toHaveText("cancelled");
    await expect.poll(() => landfall.it.assets(by("cancel").owner)).toEqual([]);
  });

  test(`${door.name}: after a reload Golden Retriever goes on`, async ({ page, watch }) => {
    watch.expect(NO_NETWORK);
    const stock = await sites.open(page, watch, landfall.it, by("reload"), { isMultipart: true, keeps: KEEPS.all });
    const gate = await stock.begin(THREE, 1);
    await stock.isRemembered(1);
    await page.reload();
    await expect(stock.state).toHaveText("restored");
    const before = gate.count;
    await gate.open();
    await stock.press("Go on");
    await expect(stock.state).toHaveText("done");
    expect(gate.count - before, "of three parts one had arrived").toBe(2);
    await stock.isStored(THREE);
  });
}

for (const door of [FIVE, SIX]) {
  const by = (what: string) => ({ door, owner: `${what}-${door.generation}` });

  test(`${door.name}: 300 MB`, async ({ page, watch }) => {
    const stock = await sites.open(page, watch, landfall.it, by("large"), { isMultipart: true });
    await stock.choose(LARGE);
    await expect(stock.state).toHaveText("done", { timeout: 60_000 });
    await stock.isStored(LARGE);
  });

  test(`${door.name}: a file that Golden Retriever did not keep is chosen again and goes on`, async ({
    page,
    watch,
  }) => {
    watch.expect(NO_NETWORK);
    const stock = await sites.open(page, watch, landfall.it, by("again"), { isMultipart: true, keeps: KEEPS.little });
    const gate = await stock.begin(THREE, 1);
    await stock.isRemembered(0);
    await page.reload();
    await expect(stock.state).toHaveText("restored, choose again");
    const before = gate.count;
    await gate.open();
    await stock.choose(THREE);
    await expect(stock.state).toHaveText("chosen again");
    await stock.press("Go on");
    await expect(stock.state).toHaveText("done");
    expect(gate.count - before, "of three parts one had arrived").toBe(2);
    await stock.isStored(THREE);
  });
}

for (const { door, byItself } of [
  { door: FIVE, byItself: true },
  { door: SIX, byItself: false },
]) {
  const by = (what: string) => ({ door, owner: `${what}-${door.generation}` });
  const goesOn = byItself ? "goes on by itself" : "goes on by Retry";
  // Uppy repeats in the console what went wrong.
  const EXPECTED = [NO_NETWORK, /^\[Uppy\] /];

  test(`${door.name}: offline it stops, online it ${goesOn}`, async ({ page, context, watch }) => {
    watch.expect(...EXPECTED);
    const stock = await sites.open(page, watch, landfall.it, by("offline"), { isMultipart: true });
    const gate = await stock.begin(THREE, 1);
    const lost = page.waitForEvent("requestfailed");
    await context.setOffline(true);
    await gate.open();
    await lost;
    if (!byItself) await expect(stock.state).toHaveText(/^failed: /);
    await context.setOffline(false);
    if (!byItself) await stock.press("Retry");
    await expect(stock.state).toHaveText("done");
    await stock.isStored(THREE);
  });

  test(`${door.name}: when a server that was killed is back it ${goesOn}`, async ({ page, watch }) => {
    watch.expect(...EXPECTED);
    const stock = await sites.open(page, watch, landfall.it, by("killed"), { isMultipart: true });
    const gate = await stock.begin(THREE, 1);
    const lost = page.waitForEvent("requestfailed");
    await landfall.it.kill();
    await gate.open();
    await lost;
    if (!byItself) await expect(stock.state).toHaveText(/^failed: /);
    await landfall.it.restart();
    if (!byItself) await stock.press("Retry");
    await expect(stock.state).toHaveText("done");
    await stock.isStored(THREE);
  });
}

/** What a person sees when a URL has expired before it could be used. */
interface Late {
  what: string;
  doors: Door[];
  isMultipart: boolean;
  /** Which of the URLs comes too late, from 1. */
  late: number;
  see: (stock: Stock, sleeper: Sleeper) => Promise<void>;
}

/** Seven browsers at once. */
const PATIENTLY = { timeout: 60_000 };

const LATE: Late[] = [
  {
    what: "5.1 has a part signed again by itself",
    doors: DOORS.filter(({ generation }) => generation === "uppy5"),
    isMultipart: true,
    late: 2,
    see: async (stock, sleeper) => {
      await expect(stock.state).toHaveText("done", PATIENTLY);
      // It also gives up by itself what a slow machine sends for longer than a URL lives.
      expect(sleeper.refused).toBeGreaterThan(0);
      expect(sleeper.signed).toBeGreaterThan(3);
      await stock.isStored(THREE);
    },
  },
  {
    what: "6.3 goes on with what has arrived, by Retry",
    doors: DOORS.filter(({ generation }) => generation === "uppy6"),
    isMultipart: true,
    late: 2,
    see: async (stock, sleeper) => {
      await expect(stock.state).toHaveText(/^failed: /, PATIENTLY);
      expect(sleeper).toMatchObject({ refused: 1, sent: 2, signed: 2 });
      await stock.press("Retry");
      await expect(stock.state).toHaveText("done", PATIENTLY);
      expect(sleeper).toMatchObject({ refused: 1, sent: 4, signed: 4 });
      await stock.isStored(THREE);
    },
  },
  {
    what: "5.1 begins a whole file anew, by Retry",
    doors: WHOLE_TO_STORE,
    isMultipart: false,
    late: 1,
    see: async (stock, sleeper) => {
      await expect(stock.state).toHaveText(/^failed: /, PATIENTLY);
      await stock.press("Retry");
      await expect(stock.state).toHaveText("done", PATIENTLY);
      expect(sleeper).toMatchObject({ refused: 1, sent: 2, signed: 2 });
      // What was begun first expires, as an upload does that nobody goes on with.
      await stock.isStored(SHORT, "UPLOADING");
    },
  },
];

test("5.1 by cookie: a file as a whole is refused, because no GET begins anything by it", async ({ page, watch }) => {
  watch.expect(/status of 403/, /^\[Uppy\] /);
  const visit = { door: FIVE_BY_COOKIE, owner: "whole-by-cookie" };
  const stock = await sites.open(page, watch, landfall.it, visit, { isMultipart: false });
  await stock.choose(NAMED.short);
  await expect(stock.state).toHaveText(/^failed: /);
  expect(await landfall.it.assets(visit.owner)).toEqual([]);
});

test("URLs that have expired, by every door", async ({ browser, watch }) => {
  // What Chromium says of the 403, what Uppy does, and that 6.3 looks for a header which no store sends.
  watch.expect(/status of 403 .*\/landfall-private\//, /^\[Uppy\] /, /unsafe header "x-amz-error-code"/);
  const cells = LATE.flatMap(({ doors, ...late }) => doors.map((door) => ({ door, ...late })));
  // All at once, each in a browser of its own: they only wait.
  await Promise.all(
    cells.map(({ door, what, isMultipart, late, see }, index) =>
      test.step(`${door.name}: ${what}`, async () => {
        const context = await browser.newContext();
        watch.over(context);
        const page = await context.newPage();
        const sleeper = await Sleeper.meet(page, hasty.it, late);
        const stock = await sites.open(page, watch, hasty.it, { door, owner: `late-${index}` }, { isMultipart });
        await stock.choose(isMultipart ? THREE : SHORT);
        await see(stock, sleeper);
        await context.close();
      }),
    ),
  );
});

test("a file that is not what it says is refused, and Uppy says so", async ({ page, watch }) => {
  // Uppy repeats it in the console.
  watch.expect(/status of 422 /, /^\[Uppy\] /);
  const stock = await sites.open(page, watch, landfall.it, { door: FIVE, owner: "wrong" }, { isMultipart: true });
  const buffer = Buffer.from("this is no film, whatever its name says\n".repeat(1000));
  await page.getByLabel("File").setInputFiles({ name: "wrong.mp4", mimeType: "video/mp4", buffer });
  await expect(stock.state).toHaveText(/^failed: .*first bytes are not of the announced type/);
  expect((await landfall.it.assets("wrong")).filter(({ status }) => status === "CREATED")).toEqual([]);
});
