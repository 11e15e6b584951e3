// When everything is to be looked at again, and when the server tells what was missed.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AssetEvent, followWith } from "../src/logic/follow";

/** A stream as the HTML standard has it, as far as it is used: its last id stays until another one comes. */
class Stream extends EventTarget {
  readyState = 0;
  onopen = () => {};
  onerror = () => {};
  #id = "";

  begin(): void {
    this.readyState = 1;
    this.onopen();
  }

  tell(type: string, id?: string): void {
    this.#id = id ?? this.#id;
    const data = JSON.stringify({ type, asset_id: "ast_1" });
    this.dispatchEvent(Object.assign(new Event(type), { data, lastEventId: this.#id }));
  }

  /** The line breaks, and the browser comes back; or the server has hung up for good. */
  break(readyState: 0 | 2): void {
    this.readyState = readyState;
    this.onerror();
  }

  close(): void {
    this.readyState = 2;
  }
}

let streams: Stream[];
let events: AssetEvent[];
let begun: number;
let states: boolean[];

function follow(): () => void {
  [streams, events, begun, states] = [[], [], 0, []];
  const open = () => {
    streams.push(new Stream());
    return streams.at(-1) as unknown as EventSource;
  };
  return followWith(open, {
    onevent: (event) => events.push(event),
    onbegin: () => (begun += 1),
    onstate: (isLive) => states.push(isLive),
  });
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test("a browser that has seen an event is told what it missed", () => {
  follow();
  streams[0]?.begin();
  expect(begun).toBe(1);
  streams[0]?.tell("asset.created", "7");
  streams[0]?.break(0);
  streams[0]?.begin();
  streams[0]?.tell("asset.deleted", "8");
  expect({ begun, streams: streams.length, states }).toEqual({ begun: 1, streams: 1, states: [true, false, true] });
  expect(events.map(({ type }) => type)).toEqual(["asset.created", "asset.deleted"]);
});

test("one that has seen none, or only progress, has nothing to say and looks at everything", () => {
  follow();
  streams[0]?.begin();
  streams[0]?.tell("asset.progress");
  streams[0]?.break(0);
  streams[0]?.begin();
  expect(begun).toBe(2);
});

test("a stream that the server ended for good is opened again, and knows nothing of the one before", () => {
  follow();
  streams[0]?.begin();
  streams[0]?.tell("asset.created", "7");
  streams[0]?.break(2);
  expect(streams.length).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(streams.length).toBe(2);
  streams[1]?.begin();
  expect(begun).toBe(2);
});

test("whoever stops is told nothing more, and nothing is opened again", () => {
  const stop = follow();
  streams[0]?.begin();
  streams[0]?.break(2);
  stop();
  vi.advanceTimersByTime(60_000);
  expect(streams.length).toBe(1);
  expect(streams[0]?.readyState).toBe(2);
});
