// One stream for all tabs: who has it, who hears of it, and who takes over.

import { expect, test } from "vitest";
import type { AssetEvent } from "../src/logic/follow";
import { relayed, type Relay, type Shared } from "../src/logic/relay";

/** A browser: its locks, which are given in turn, and its channels, which say everything to all others. */
class Browser {
  readonly streams: Stream[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #channels = new Set<Channel>();
  #isHeld = false;

  readonly locks = {
    request: async (_: string, { signal }: LockOptions, hold: () => Promise<void>) => {
      if (this.#isHeld) {
        await new Promise<void>((resolve, reject) => {
          this.#waiting.push(resolve);
          signal?.addEventListener("abort", () => reject(new Error("left")));
        });
      }
      if (signal?.aborted) return;
      this.#isHeld = true;
      await hold();
      this.#isHeld = false;
      this.#waiting.shift()?.();
    },
  } as unknown as LockManager;

  tab(has: "locks" | "none" = "locks"): Tab {
    return new Tab(this, has === "locks" ? this.locks : undefined);
  }

  open(): EventSource {
    const stream = new Stream();
    this.streams.push(stream);
    return stream as unknown as EventSource;
  }

  channel(): Channel {
    const channel: Channel = {
      onmessage: () => {},
      postMessage: (data) => {
        for (const other of this.#channels) if (other !== channel) other.onmessage({ data });
      },
      close: () => this.#channels.delete(channel),
    };
    this.#channels.add(channel);
    return channel;
  }

  get living(): number {
    return this.streams.filter(({ isClosed }) => !isClosed).length;
  }
}

interface Channel {
  onmessage: (message: { data: unknown }) => void;
  postMessage: (data: unknown) => void;
  close: () => void;
}

class Stream extends EventTarget {
  readyState = 0;
  isClosed = false;
  onopen = () => {};
  onerror = () => {};

  begin(): void {
    this.readyState = 1;
    this.onopen();
  }

  tell(): void {
    const data = JSON.stringify({ type: "asset.created", asset_id: "ast_1" });
    this.dispatchEvent(Object.assign(new Event("asset.created"), { data, lastEventId: "1" }));
  }

  close(): void {
    this.isClosed = true;
  }
}

class Tab {
  readonly events: AssetEvent[] = [];
  readonly relay: Relay;
  begun = 0;
  isLive = false;

  constructor(browser: Browser, locks: Shared["locks"]) {
    const shared = { name: "events", locks, channel: () => browser.channel() as unknown as BroadcastChannel };
    this.relay = relayed(() => browser.open(), shared, {
      onevent: (event) => this.events.push(event),
      onbegin: () => (this.begun += 1),
      onstate: (isLive) => (this.isLive = isLive),
    });
    this.relay.show(true);
  }
}

/** Locks are given a moment later. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("one tab has the stream, and all hear of it", async () => {
  const browser = new Browser();
  const tabs = [browser.tab(), browser.tab(), browser.tab()];
  await settled();
  expect(browser.streams.length).toBe(1);
  browser.streams[0]?.begin();
  browser.streams[0]?.tell();
  for (const { events, begun, isLive } of tabs) {
    expect({ events: events.length, begun, isLive }).toEqual({ events: 1, begun: 1, isLive: true });
  }
});

test("a tab that comes later knows at once that the server is telling", async () => {
  const browser = new Browser();
  browser.tab();
  await settled();
  browser.streams[0]?.begin();
  const later = browser.tab();
  await settled();
  expect({ isLive: later.isLive, streams: browser.streams.length }).toEqual({ isLive: true, streams: 1 });
});

test("when the tab with the stream is hidden or closed, another takes over and looks at everything", async () => {
  const browser = new Browser();
  const [first, second] = [browser.tab(), browser.tab()];
  await settled();
  browser.streams[0]?.begin();
  first.relay.show(false);
  await settled();
  expect({ open: browser.living, all: browser.streams.length }).toEqual({ open: 1, all: 2 });
  browser.streams[1]?.begin();
  expect(second.begun).toBe(2);
  browser.streams[1]?.tell();
  expect([first.events.length, second.events.length]).toEqual([0, 1]);
  expect(first.isLive).toBe(false);
});

test("hidden tabs have no stream, with locks and without, and whoever left takes none", async () => {
  const browser = new Browser();
  const tabs = [browser.tab(), browser.tab()];
  for (const { relay } of tabs) relay.show(false);
  await settled();
  expect(browser.living).toBe(0);
  const alone = browser.tab("none");
  expect(browser.living).toBe(1);
  alone.relay.show(false);
  expect(browser.living).toBe(0);
  alone.relay.show(true);
  expect(browser.living).toBe(1);
});
