// What a person and a page may rely on, one thing at a time. The simulation tests them in any order.

import { beforeEach, expect, test } from "vitest";
import type { Upload } from "../src/driver/upload.js";
import { Uploader, type UploaderOptions } from "../src/driver/uploader.js";
import { explain, explainTrouble } from "../src/texts/explain.js";
import { MemoryJournal } from "./memory-journal.js";
import { seeded, VirtualClock } from "./sim/clock.js";
import { Film } from "./sim/film.js";
import { SimulatedNetwork } from "./sim/network.js";
import { Server } from "./sim/server.js";

const MIB = 2 ** 20;
const VIDEO = new Film("film.mp4", 40 * MIB + 1);
const STILL = new Film("still.jpg", 1000, "image/jpeg");

let clock: VirtualClock;
let server: Server;
let network: SimulatedNetwork;
let journal: MemoryJournal;
let random: () => number;

beforeEach(() => {
  clock = new VirtualClock();
  server = new Server(clock);
  network = new SimulatedNetwork(clock, server);
  journal = new MemoryJournal();
  random = seeded(7);
});

function uploader(options: Partial<UploaderOptions> = {}): Uploader {
  const around = { transport: network, network, clock, random, journal, sums: "none" as const };
  return new Uploader({ server: "http://server/", token: "secret-token", ...around, ...options });
}

function begin(films: Record<string, Film> = { video: VIDEO }, options: Partial<UploaderOptions> = {}): Upload {
  const files = Object.fromEntries(Object.entries(films).map(([role, film]) => [role, film.file]));
  return uploader(options).upload({ files }).start();
}

async function until(isSo: () => boolean): Promise<void> {
  for (let steps = 0; !isSo(); steps += 1) {
    if (steps > 50_000) throw new Error("it never comes");
    await clock.settle();
    if (!isSo()) await clock.step();
  }
}

async function phase(upload: Upload, phase: string): Promise<void> {
  await until(() => upload.state.phase === phase);
}

test("tells how it goes, from new to published", async () => {
  const phases: string[] = [];
  const upload = uploader().upload({ files: { video: VIDEO.file } });
  let mostSent = 0;
  upload.subscribe(({ phase, sentBytes, arrivedBytes, totalBytes }) => {
    if (phases.at(-1) !== phase) phases.push(phase);
    expect(sentBytes).toBeLessThanOrEqual(totalBytes);
    expect(arrivedBytes).toBeLessThanOrEqual(sentBytes);
    mostSent = Math.max(mostSent, sentBytes);
  });
  server.slowCommits = 2;
  upload.start();
  await phase(upload, "published");
  expect(phases).toEqual(["new", "preparing", "uploading", "committing", "published"]);
  expect(mostSent).toBe(VIDEO.size);
  expect((await upload.published()).title).toBe("film");
});

test("cancel deletes at the server and forgets", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  await Promise.all([upload.cancel(), phase(upload, "cancelled")]);
  expect(server.assets[0]?.isDeleted).toBe(true);
  expect(await journal.list()).toEqual([]);
  await expect(upload.published()).rejects.toMatchObject({ code: "cancelled" });
});

test("cancel while the asset is being created deletes it when it is known", async () => {
  const upload = begin();
  await until(() => server.calls.some((call) => call === "POST /v1/videos"));
  await Promise.all([upload.cancel(), phase(upload, "cancelled")]);
  expect(server.assets[0]?.isDeleted).toBe(true);
});

test("a paused upload sends nothing, and no patience is lost", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  const puts = server.puts + network.inFlight;
  expect(network.inFlight).toBeGreaterThan(0);
  upload.pause();
  await clock.settle();
  expect(network.inFlight).toBe(0);
  clock.after(5 * 3600_000, () => upload.resume());
  await until(() => clock.steady() > 4 * 3600_000);
  expect(server.puts).toBeLessThanOrEqual(puts);
  expect(upload.state).toMatchObject({ phase: "paused", trouble: undefined });
  await phase(upload, "published");
});

test("without a network it waits as long as it takes, and goes on at once", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  network.turn("off");
  await until(() => clock.steady() > 9 * 3600_000);
  expect(upload.state.trouble).toMatchObject({ isOffline: true });
  expect(explainTrouble(upload.state.trouble as never, "ko").message).toContain("네트워크를 기다리는 중");
  const back = clock.steady();
  network.turn("on");
  await phase(upload, "published");
  expect(clock.steady() - back).toBeLessThan(10_000);
});

test("a server that is gone for longer than the patience fails it, and retry goes on", async () => {
  const upload = begin();
  await until(() => server.puts > 2);
  network.fate = () => "busy";
  await phase(upload, "failed");
  expect(upload.state.error).toMatchObject({ code: "out_of_patience", canResume: true });
  expect(clock.steady()).toBeLessThan(2 * 3600_000);
  network.fate = () => "works";
  upload.retry();
  await phase(upload, "published");
  expect(upload.state.resumedBytes).toBeGreaterThan(0);
  expect(server.assets.length).toBe(1);
});

test("after sleep the dead URLs are not used", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  clock.sleep(3600_000);
  const refused: string[] = [];
  const put = server.put.bind(server);
  server.put = (url, body) => {
    const answer = put(url, body);
    if (answer.status === 403) refused.push(url);
    return answer;
  };
  // What was on its way arrives late and is refused; nothing new is sent with an old URL.
  const onItsWay = network.inFlight;
  await phase(upload, "published");
  expect(refused.length).toBeLessThanOrEqual(onItsWay);
});

test("another poster frame replaces the one of before, and a missing one is withdrawn", async () => {
  const first = begin({ video: VIDEO, thumbnail: new Film("large.jpg", 30 * MIB, "image/jpeg") });
  await until(() => server.puts > 2);
  first.detach();
  const second = begin({ video: VIDEO, thumbnail: STILL });
  await until(() => server.assets[0]?.files.get("thumbnail")?.announced.size === STILL.size);
  second.detach();
  const third = begin();
  await phase(third, "published");
  expect(server.assets.length).toBe(1);
  expect([...(server.created[0]?.files.keys() ?? [])]).toEqual(["video"]);
});

test("what was deleted elsewhere fails if it happens now, and begins anew if it was before", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  for (const asset of server.assets) asset.isDeleted = true;
  await phase(upload, "failed");
  expect(upload.state.error?.code).toBe("gone");

  const before = begin();
  await until(() => server.assets.length === 2 && server.puts > 3);
  before.detach();
  for (const asset of server.assets) asset.isDeleted = true;
  const again = begin();
  await phase(again, "published");
  expect(server.created.length).toBe(1);
});

test("what has expired while the laptop was closed begins anew by itself", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  for (const asset of server.assets) asset.hasExpired = true;
  clock.sleep(5 * 24 * 3600_000);
  await phase(upload, "published");
  expect(server.assets.length).toBe(2);
});

test("a token that has died is asked for again, once", async () => {
  const asked: boolean[] = [];
  const token = (refused: boolean) => {
    asked.push(refused);
    return refused ? "secret-token" : "stale";
  };
  const upload = begin({ video: STILL }, { token });
  await phase(upload, "published");
  expect(asked).toContain(true);

  const dead = begin({ video: VIDEO }, { token: "stale" });
  await phase(dead, "failed");
  expect(dead.state.error).toMatchObject({ code: "refused", serverCode: "unauthorized", canResume: true });
  expect(explain(dead.state.error as never).message).toBe("You are not signed in any more.");
  expect(JSON.stringify(dead.state)).not.toContain("stale");
});

test("two files of the same content become two assets, and both go on after a reload", async () => {
  const twin = new Film("copy.mp4", VIDEO.size);
  let page = uploader();
  const start = (film: Film) => page.upload({ files: { video: film.file } }).start();
  const first = [start(VIDEO), start(twin)];
  await until(() => first.every(({ state }) => state.arrivedBytes > 0));
  expect(server.assets.map(({ request }) => request.title).sort()).toEqual(["copy", "film"]);
  expect(new Set(server.assets.map(({ request }) => request.fingerprint)).size).toBe(1);
  first.forEach((upload) => upload.detach());
  expect(await journal.list()).toHaveLength(2);
  page = uploader();
  const second = [start(twin), start(VIDEO), start(VIDEO)];
  await until(() => second.every(({ state }) => state.phase === "published"));
  // Which of the two each goes on with makes no difference; the third is one of its own.
  expect(second.map(({ state }) => (state.resumedBytes ?? 0) > 0)).toEqual([true, true, false]);
  expect(new Set(second.map(({ state }) => state.assetId)).size).toBe(3);
  expect([server.assets.length, await journal.list()]).toEqual([3, []]);
});

test("what has failed can be gone on with by another upload, but not by both", async () => {
  const page = uploader();
  const start = () => page.upload({ files: { video: VIDEO.file } }).start();
  const failed = start();
  await until(() => server.puts > 0);
  network.fate = () => "lost";
  await phase(failed, "failed");
  network.fate = () => "works";
  const other = start();
  await phase(other, "uploading");
  failed.retry();
  await phase(other, "published");
  await phase(failed, "published");
  expect(other.state.resumedBytes).toBeGreaterThan(0);
  expect(failed.state.assetId).not.toBe(other.state.assetId);
  expect(server.assets).toHaveLength(2);
});

test("a new title is told with complete, or afterwards", async () => {
  const upload = begin();
  await until(() => server.puts > 0);
  expect(await upload.describe({ title: "During" })).toBe(false);
  await phase(upload, "published");
  expect(server.created[0]?.title).toBe("During");
  const told = upload.describe({ title: "After" });
  await until(() => server.created[0]?.title === "After");
  await until(() => network.inFlight === 0);
  clock.after(1000, () => {});
  await clock.step();
  await clock.step();
  expect(await told).toBe(true);
});

test.each([
  [new Film("film.mp4", 0), "bad_size"],
  [new Film("page.html", 10, "text/html"), "bad_type"],
])("what no server would take is said at once", async (film, code) => {
  const upload = begin({ video: film });
  await phase(upload, "failed");
  expect(upload.state.error?.code).toBe(code);
  expect(server.calls).toEqual([]);
});

test("a file that was taken away is not mistaken for a lost network", async () => {
  const film = new Film("film.mp4", 40 * MIB);
  const upload = begin({ video: film });
  await until(() => server.puts > 0);
  Film.prototype.arrayBuffer = async () => {
    throw new DOMException("gone", "NotReadableError");
  };
  try {
    network.fate = (kind) => (kind === "put" ? "lost" : "works");
    await phase(upload, "failed");
    expect(upload.state.error).toMatchObject({ code: "unreadable", canResume: true });
  } finally {
    Film.prototype.arrayBuffer = READ;
  }
});
const READ = Film.prototype.arrayBuffer;

test("what was begun is told after a reload, for its own account only", async () => {
  const upload = begin({ video: VIDEO }, { account: "42" });
  await until(() => server.puts > 0);
  upload.detach();
  const [entry] = await uploader({ account: "42" }).unfinished();
  expect(entry?.request.files.video?.file_name).toBe("film.mp4");
  expect(JSON.stringify(entry)).not.toMatch(/secret-token|store\/bucket/);
  expect(await uploader({ account: "7" }).unfinished()).toEqual([]);
});

test("the key is remembered before the asset is asked for, and its id before the first part", async () => {
  const seen: Record<string, string | undefined> = {};
  const [call, put] = [server.call.bind(server), server.put.bind(server)];
  const written: string[] = [];
  const write = journal.write.bind(journal);
  journal.write = async (entry) => {
    written.push(entry.assetId ?? entry.idempotencyKey);
    return write(entry);
  };
  server.call = (request) => {
    if (request.headers["Idempotency-Key"]) seen.key = written.at(-1);
    return call(request);
  };
  server.put = (url, body) => {
    seen.id ??= written.at(-1);
    return put(url, body);
  };
  await phase(begin(), "published");
  expect(seen.key).toMatch(/^[0-9a-z-]{20,}$/);
  expect(seen.id).toBe(server.assets[0]?.id);
});

test("another device finds it by its content", async () => {
  const first = begin();
  await until(() => server.puts > 2);
  first.detach();
  const upload = begin({ video: VIDEO }, { journal: new MemoryJournal() });
  await phase(upload, "published");
  expect(server.assets.length).toBe(1);
  expect(upload.state.resumedBytes).toBeGreaterThan(0);
});
