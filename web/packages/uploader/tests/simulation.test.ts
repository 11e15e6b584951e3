// The real uploader against a simulated server, on a clock that the test turns: any order of faults, and a person who pauses,
// reloads, pulls the plug and closes the laptop. *What must hold*: every byte ends up exactly once on the server, a part that
// is known to be there is never sent again, and when the faults stop the upload ends.

import { describe, expect, test } from "vitest";
import type { Upload } from "../src/driver/upload.js";
import { Uploader } from "../src/driver/uploader.js";
import { MemoryJournal } from "./memory-journal.js";
import { seeded, VirtualClock } from "./sim/clock.js";
import { Film } from "./sim/film.js";
import { FATES, SimulatedNetwork } from "./sim/network.js";
import { Server } from "./sim/server.js";

const MIB = 2 ** 20;
const MINUTE_MS = 60_000;
/** How long faults last. Shorter than the patience, which counts what has not worked at a stretch. */
const CHAOS_MS = 25 * MINUTE_MS;
/** By then everything must be over. */
const END_MS = CHAOS_MS + 3 * 60 * MINUTE_MS;
/** Each is another history; more are run by `SEEDS=5000 npx vitest run simulation`. */
const SEEDS = Number(process.env.SEEDS ?? 150);
const SEEDS_PER_TEST = 50;

/** A page, its files and the world around. */
class World {
  readonly clock = new VirtualClock();
  readonly server = new Server(this.clock);
  readonly network = new SimulatedNetwork(this.clock, this.server);
  readonly films: Record<string, Film>;
  readonly story: string[] = [];
  journal = new MemoryJournal();
  /** It went on on another device. */
  hasMoved = false;
  upload: Upload;
  sums: "made" | "none" = "none";

  constructor(readonly random: () => number) {
    const size = Math.ceil(random() ** 2 * 60 * MIB) + 1;
    this.films = { video: new Film("film.mp4", size) };
    if (random() < 0.4) this.films.thumbnail = new Film("still.jpg", 1 + Math.floor(random() * 9 * MIB), "image/jpeg");
    this.network.latency = () => 20 + random() * 4000;
    this.upload = this.page();
  }

  /** Opens the page and chooses the files. */
  page(): Upload {
    const { clock, network, journal, random, sums } = this;
    const around = { transport: network, network, clock, random, journal, sums };
    const uploader = new Uploader({ server: "http://server", token: "secret-token", ...around });
    const files = Object.fromEntries(Object.entries(this.films).map(([role, film]) => [role, film.file]));
    return uploader.upload({ title: "A day at the sea", files }).start();
  }

  /** Something happens that a person or a device does. */
  misfortune(): void {
    const { random, clock, network } = this;
    const span = random() * 4 * MINUTE_MS;
    const draw = Math.floor(random() * 7);
    this.story.push(`${Math.round(clock.steady() / 1000)} s: ${draw}`);
    if (draw === 0) {
      this.upload.pause();
      clock.after(span, () => this.upload.resume());
    } else if (draw === 1) {
      network.turn("off");
      clock.after(span, () => network.turn("on"));
    } else if (draw === 2) {
      clock.sleep(random() * 3 * 60 * MINUTE_MS);
    } else if (draw === 3) {
      clock.set(clock.wall() - random() * 60 * MINUTE_MS);
    } else {
      this.upload.detach();
      if (draw === 4) {
        this.journal = new MemoryJournal();
        this.hasMoved = true;
      }
      this.upload = this.page();
    }
  }

  /** Runs until it is over. */
  async live(): Promise<void> {
    const { random, clock, network } = this;
    network.fate = () => FATES[Math.floor(random() * FATES.length)] ?? "works";
    let next = random() * 5 * MINUTE_MS;
    while (clock.steady() < CHAOS_MS && this.upload.state.phase !== "published") {
      await clock.step();
      if (clock.steady() >= next) {
        this.misfortune();
        next = clock.steady() + random() * 5 * MINUTE_MS;
      }
    }
    network.fate = () => "works";
    network.turn("on");
    this.upload.resume();
    while (clock.steady() < END_MS && this.upload.state.phase !== "published") {
      if (this.upload.state.phase === "failed") this.upload.retry();
      if (!(await clock.step())) break;
    }
  }
}

async function play(seed: number): Promise<void> {
  const world = new World(seeded(seed));
  await world.live();
  const { server, network, upload, films, story } = world;
  const told = `seed ${seed}: ${story.join(", ")}; ${upload.state.phase} ${upload.state.error?.message ?? ""}`;
  expect(network.broken, told).toBeUndefined();
  expect(upload.state.phase, told).toBe("published");
  // Another device cannot know what was published a moment ago without an answer: it uploads again.
  if (!world.hasMoved) expect(server.created.length, told).toBe(1);
  expect(
    server.created.map(({ id }) => id),
    told,
  ).toContain(upload.state.asset?.id);
  for (const asset of server.created) {
    for (const [role, film] of Object.entries(films)) {
      expect(server.holds(asset, role, film), `${told}; ${role}`).toBe(true);
    }
  }
  expect(await world.journal.list(), told).toEqual([]);
  expect(network.mostInFlight, told).toBeLessThanOrEqual(6 + 6);
}

describe("any order of faults", () => {
  for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
    const last = Math.min(first + SEEDS_PER_TEST - 1, SEEDS);
    test(`seeds ${first} to ${last}`, { timeout: 120_000 }, async () => {
      for (let seed = first; seed <= last; seed += 1) await play(seed);
    });
  }
});
