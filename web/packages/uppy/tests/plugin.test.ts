// The plugin inside the real Uppy, against the uploader's simulated server.

import { Uppy } from "@uppy/core";
import { expect, test } from "vitest";
import { MemoryJournal } from "../../uploader/tests/memory-journal.js";
import { seeded, VirtualClock } from "../../uploader/tests/sim/clock.js";
import { Film } from "../../uploader/tests/sim/film.js";
import { SimulatedNetwork } from "../../uploader/tests/sim/network.js";
import { Server } from "../../uploader/tests/sim/server.js";
import { Landfall, type LandfallBody, type LandfallOptions } from "../src/index.js";

type Meta = Record<string, unknown> & { title?: string };

const MIB = 2 ** 20;

class Page {
  readonly clock = new VirtualClock();
  readonly server = new Server(this.clock);
  readonly network = new SimulatedNetwork(this.clock, this.server);
  journal = new MemoryJournal();

  uppy(options: Partial<LandfallOptions<Meta, LandfallBody>> = {}): Uppy<Meta, LandfallBody> {
    const { clock, network, journal } = this;
    const around = { clock, network, transport: network, journal, random: seeded(1), sums: "none" as const };
    const quiet = { debug: () => {}, warn: () => {}, error: () => {} };
    const uppy = new Uppy<Meta, LandfallBody>({ logger: quiet });
    return uppy.use(Landfall<Meta, LandfallBody>, {
      server: "http://server",
      token: "secret-token",
      ...around,
      ...options,
    });
  }

  /** Lets time pass until it is so. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    for (let steps = 0; !(await isSo()); steps += 1) {
      if (steps > 20_000) throw new Error("it never comes");
      await this.clock.settle();
      if (!(await isSo())) await this.clock.step();
    }
  }
}

function add(uppy: Uppy<Meta, LandfallBody>, film: Film, meta: Meta = {}): string {
  return uppy.addFile({ name: film.name, type: film.type, data: film.file, meta });
}

/** The end of all uploads of a page. */
function ended(uppy: Uppy<Meta, LandfallBody>): { successful: string[]; failed: string[]; isOver: boolean } {
  const result = { successful: [] as string[], failed: [] as string[], isOver: false };
  uppy.on("complete", ({ successful, failed }) => {
    result.isOver = true;
    result.successful = (successful ?? []).map(({ id }) => id);
    result.failed = (failed ?? []).map(({ id }) => id);
  });
  return result;
}

test("files become assets, with their titles and their progress", async () => {
  const page = new Page();
  const uppy = page.uppy({ companions: () => ({ thumbnail: new Film("still.jpg", 1000, "image/jpeg").file }) });
  const films = [1, 2, 3].map((n) => new Film(`film ${n}.mp4`, n * 7 * MIB));
  const ids = films.map((film, n) => add(uppy, film, n === 0 ? { title: "바다에서" } : {}));
  const seen: number[] = [];
  uppy.on("upload-progress", (file, { bytesUploaded }) => {
    if (file?.id === ids[2]) seen.push(bytesUploaded as number);
  });
  const result = ended(uppy);
  void uppy.upload();
  await page.until(() => result.isOver);
  expect(result.successful).toEqual(ids);
  expect(page.server.created.map(({ title }) => title).sort()).toEqual(["film 2", "film 3", "바다에서"].sort());
  for (const film of films) {
    const asset = page.server.created.find(({ files }) => files.get("video")?.announced.file_name === film.name);
    expect(asset && page.server.holds(asset, "video", film)).toBe(true);
    expect(asset?.files.has("thumbnail")).toBe(true);
  }
  expect(seen.some((bytes) => bytes > 0 && bytes < 21 * MIB)).toBe(true);
  const [first] = ids;
  expect(uppy.getFile(first as string).response?.body?.assetId).toMatch(/^ast_/);
});

test("images go to their own collection", async () => {
  const page = new Page();
  const uppy = page.uppy();
  add(uppy, new Film("me.png", 1000, "image/png"));
  const result = ended(uppy);
  void uppy.upload();
  await page.until(() => result.isOver);
  expect(page.server.calls).toContain("POST /v1/images");
  expect(page.server.created[0]?.files.has("image")).toBe(true);
});

test("pause all, resume all", async () => {
  const page = new Page();
  const uppy = page.uppy();
  const film = new Film("film.mp4", 60 * MIB);
  add(uppy, film);
  const result = ended(uppy);
  void uppy.upload();
  await page.until(() => page.server.puts >= 2);
  uppy.pauseAll();
  const puts = page.server.puts + page.network.inFlight;
  for (let steps = 0; steps < 50; steps += 1) await page.clock.step();
  expect(page.server.puts).toBeLessThanOrEqual(puts);
  expect(result.isOver).toBe(false);
  uppy.resumeAll();
  await page.until(() => result.isOver);
  expect(page.server.created.length).toBe(1);
});

test("a paused file lets the next one go first", async () => {
  const page = new Page();
  const uppy = page.uppy({ limit: 1 });
  const [first, second] = ["a.mp4", "b.mp4"].map((name) => add(uppy, new Film(name, 20 * MIB))) as [string, string];
  const result = ended(uppy);
  void uppy.upload();
  await page.until(() => page.server.puts >= 1);
  uppy.pauseResume(first);
  await page.until(() => uppy.getFile(second).progress.uploadComplete === true);
  expect(uppy.getFile(first).progress.uploadComplete).not.toBe(true);
  uppy.pauseResume(first);
  await page.until(() => result.isOver);
  expect(result.successful.length).toBe(2);
});

test("a removed file is cancelled at the server", async () => {
  const page = new Page();
  const uppy = page.uppy();
  const id = add(uppy, new Film("film.mp4", 60 * MIB));
  void uppy.upload();
  await page.until(() => page.server.puts >= 2);
  uppy.removeFile(id);
  await page.until(() => page.server.assets[0]?.isDeleted === true);
  await page.until(async () => (await page.journal.list()).length === 0);
});

test("a rejected file fails with its reason in Korean, and retry announces it again", async () => {
  const page = new Page();
  const uppy = page.uppy({ language: "ko" });
  const film = new Film("film.mp4", 12 * MIB);
  const id = add(uppy, film);
  page.server.rejecting.add("video");
  const result = ended(uppy);
  void uppy.upload();
  await page.until(() => result.isOver);
  expect(result.failed).toEqual([id]);
  expect(uppy.getFile(id).error).toContain("파일의 내용이 이름과 다른 형식입니다.");
  result.isOver = false;
  void uppy.retryAll();
  await page.until(() => result.isOver);
  expect(page.server.assets.length).toBe(1);
  expect(page.server.holds(page.server.created[0] as never, "video", film)).toBe(true);
});

test("after a reload the same file goes on, also where nothing was remembered", async () => {
  for (const memory of ["kept", "lost"]) {
    const page = new Page();
    const film = new Film("film.mp4", 60 * MIB);
    const before = page.uppy();
    add(before, film);
    void before.upload();
    await page.until(() => page.server.puts >= 6);
    before.getPlugin("Landfall")?.uninstall();
    if (memory === "lost") page.journal = new MemoryJournal();
    const uppy = page.uppy();
    add(uppy, film);
    const result = ended(uppy);
    void uppy.upload();
    await page.until(() => result.isOver);
    expect(page.server.assets.length, memory).toBe(1);
    expect(page.server.puts, memory).toBeLessThan(12 + 6);
    expect(page.network.broken).toBeUndefined();
  }
});
