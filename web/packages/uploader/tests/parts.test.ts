// The small pieces: pace, speed, time, texts, journal, transport.

import "fake-indexeddb/auto";
import { afterEach, expect, test, vi } from "vitest";
import { SteadyTime } from "../src/driver/clock.js";
import { UploadError, type UploadErrorCode } from "../src/driver/error.js";
import { Meter } from "../src/driver/meter.js";
import { IndexedDbJournal } from "../src/journal/indexed-db.js";
import { type Entry, KEPT_FOR_MS } from "../src/journal/journal.js";
import { Pace } from "../src/session/pace.js";
import { EN } from "../src/texts/en.js";
import { explain } from "../src/texts/explain.js";
import { KO } from "../src/texts/ko.js";
import { BrowserTransport } from "../src/transport/browser.js";
import { VirtualClock } from "./sim/clock.js";

/** Sends so many parts over a line that carries `useful` parts at once at full speed each, and no more in all. */
function sent(pace: Pace, useful: number, parts: number): number[] {
  let now = 0;
  return Array.from({ length: parts }, () => {
    pace.started(now);
    now += 1000 / Math.min(pace.limit, useful);
    pace.arrived(1_000_000, now);
    return pace.limit;
  });
}

test("the pace finds how many parts a line carries, and stays within its bounds", () => {
  const fast = sent(new Pace({ min: 1, start: 3, max: 6 }), 20, 200);
  expect(fast.at(-1)).toBe(6);
  const slow = sent(new Pace({ min: 1, start: 3, max: 6 }), 3, 400);
  expect(Math.max(...slow)).toBe(4);
  const average = slow.reduce((sum, limit) => sum + limit, 0) / slow.length;
  expect(average).toBeLessThan(3.4);
  expect(sent(new Pace({ min: 2, start: 2, max: 2 }), 9, 50)).toEqual(Array(50).fill(2));
});

test("lost parts halve the pace once, not once each", () => {
  const pace = new Pace({ min: 1, start: 6, max: 6 });
  for (let lost = 0; lost < 6; lost += 1) pace.failed(0);
  expect(pace.limit).toBe(3);
  pace.arrived(1, 1);
  pace.failed(2);
  expect(pace.limit).toBe(1);
  pace.failed(3);
  expect(pace.limit).toBe(1);
});

test("speed is smoothed, and a failed part is no negative speed", () => {
  const meter = new Meter();
  for (let second = 0; second <= 30; second += 1) meter.sample(second * 1_000_000, second * 1000);
  expect(meter.bytesPerSecond).toBeCloseTo(1_000_000, -2);
  expect(meter.secondsFor(10_000_000)).toBeCloseTo(10, 1);
  meter.sample(20_000_000, 31_000);
  expect(meter.bytesPerSecond).toBeGreaterThan(500_000);
  for (let second = 32; second <= 120; second += 1) meter.sample(20_000_000, second * 1000);
  expect(meter.secondsFor(1)).toBeUndefined();
});

test("time never goes back, and sleep counts", () => {
  const clock = new VirtualClock();
  const time = new SteadyTime(clock);
  const start = time.read().now;
  clock.set(clock.wall() - 365 * 24 * 3600_000);
  expect(time.read()).toEqual({ now: start, hasJumped: false });
  clock.sleep(3600_000);
  expect(time.read()).toEqual({ now: start + 3600_000, hasJumped: true });
  expect(time.read()).toEqual({ now: start + 3600_000, hasJumped: false });
});

test("every error and every reason has its text in both languages", () => {
  expect(Object.keys(KO.reasons)).toEqual(Object.keys(EN.reasons));
  expect(Object.keys(KO.server)).toEqual(Object.keys(EN.server));
  for (const code of Object.keys(EN.errors) as UploadErrorCode[]) {
    const error = new UploadError(code);
    expect(explain(error, "ko").message).toMatch(/[가-힣].*\.$/);
    expect(explain(error).message).not.toMatch(/[가-힣]/);
  }
  const rejected = new UploadError("rejected", { reason: "checksum_mismatch" });
  expect(explain(rejected).message).toBe("The bytes that arrived are not those of your file.");
  const odd = new UploadError("rejected", { reason: "made_up_tomorrow" });
  expect(explain(odd, "ko").message).toBe("서버가 파일을 거부했습니다.");
});

test("the journal of browsers remembers, forgets, and drops what is too old", async () => {
  let now = 1_000_000;
  const journal = new IndexedDbJournal(() => now);
  const request = { title: "t", files: {}, fingerprint: "f" };
  const entry = { key: "a", server: "s", collection: "videos", idempotencyKey: "k", request, begunAt: now } as Entry;
  await journal.write(entry);
  await journal.write({ ...entry, key: "b", begunAt: now + 5 });
  expect((await new IndexedDbJournal(() => now).list())[1]).toEqual(entry);
  expect((await journal.list()).map(({ key }) => key)).toEqual(["b", "a"]);
  await journal.forget("b");
  expect((await journal.list()).map(({ key }) => key)).toEqual(["a"]);
  now += KEPT_FOR_MS;
  expect(await journal.list()).toEqual([]);
  now -= KEPT_FOR_MS;
  expect(await journal.list(), "what was too old has been dropped").toEqual([]);
});

/** As much of an XMLHttpRequest as the transport touches. Asking for a single header would be an error in a browser. */
class FakeRequest {
  static last: FakeRequest;
  readonly headers: Record<string, string> = {};
  readonly upload: { onprogress?: (event: { loaded: number }) => void } = {};
  onloadend: () => void = () => {};
  status = 0;
  responseText = "";
  sent: unknown;

  constructor() {
    FakeRequest.last = this;
  }

  open(): void {}

  setRequestHeader(name: string, value: string): void {
    this.headers[name] = value;
  }

  getAllResponseHeaders(): string {
    return "content-type: application/xml\r\nRetry-After: 7\r\n";
  }

  send(body: unknown): void {
    this.sent = body;
  }

  abort(): void {
    this.status = 0;
    this.onloadend();
  }
}

afterEach(() => vi.unstubAllGlobals());

test("a part goes by XMLHttpRequest, tells its progress, and can be broken off", async () => {
  vi.stubGlobal("XMLHttpRequest", FakeRequest);
  const told: number[] = [];
  const controller = new AbortController();
  const request = { url: "http://store/", headers: { "x-test": "as given" }, body: new Blob(["abc"]) };
  const put = () =>
    new BrowserTransport().put({ ...request, signal: controller.signal, onSent: (bytes) => told.push(bytes) });
  const answer = put();
  const { last } = FakeRequest;
  last.upload.onprogress?.({ loaded: 2 });
  last.status = 503;
  last.onloadend();
  expect(await answer).toEqual({ status: 503, text: "", retryAfter: "7" });
  expect(last.headers).toEqual({ "x-test": "as given" });
  expect(told).toEqual([2]);
  const broken = put();
  controller.abort();
  await expect(broken).rejects.toThrow("the connection broke");
  await expect(put()).rejects.toThrow();
});
