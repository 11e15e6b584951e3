// What lies between the uploader and the server: delay, loss, and a person who pulls the plug.

import type { Network, NetworkNews } from "../../src/driver/network.js";
import type { CallRequest, HttpAnswer, PutRequest, Transport } from "../../src/transport/transport.js";
import type { VirtualClock } from "./clock.js";
import { problem, type Server } from "./server.js";

/** What becomes of a request. */
export type Fate =
  | "works"
  /** It is lost on its way. */
  | "lost"
  /** It works, but the answer is lost. */
  | "answer lost"
  /** 503 with Retry-After. */
  | "busy"
  /** A part: 403, as for an expired URL. A call: as `busy`. */
  | "refused"
  /** A part: acknowledged and lost. A call: as `works`. */
  | "odd";

export const FATES: Fate[] = ["works", "works", "works", "works", "lost", "answer lost", "busy", "refused", "odd"];

export class SimulatedNetwork implements Transport, Network {
  #isUp = true;
  readonly #listeners = new Set<(news: NetworkNews) => void>();
  /** Chooses the fate of each request. */
  fate: (kind: "call" | "put") => Fate = () => "works";
  latency: () => number = () => 100;
  inFlight = 0;
  mostInFlight = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly server: Server,
  ) {}

  isOnline(): boolean {
    return this.#isUp;
  }

  listen(hear: (news: NetworkNews) => void): () => void {
    this.#listeners.add(hear);
    return () => this.#listeners.delete(hear);
  }

  turn(state: "on" | "off"): void {
    this.#isUp = state === "on";
    for (const hear of [...this.#listeners]) hear(this.#isUp ? "online" : "offline");
  }

  call(request: CallRequest): Promise<HttpAnswer> {
    return this.#travel(request.signal, this.fate("call"), (fate) =>
      fate === "busy" || fate === "refused" ? problem(503, "unavailable") : this.server.call(request),
    );
  }

  async put({ url, body, signal, onSent }: PutRequest): Promise<HttpAnswer> {
    const fate = this.fate("put");
    // Looked at when it is sent: one that was broken off may arrive much later.
    if (this.server.knows(url)) this.broken ??= new Error(`${url} is sent again`);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const stop = this.clock.after(this.latency() / 2, () => !signal.aborted && onSent(body.size / 2));
    try {
      const answer = await this.#travel(signal, fate, () => {
        if (fate === "busy") return { status: 503, text: "<Code>SlowDown</Code>", retryAfter: "4" };
        if (fate === "refused") return { status: 403, text: "<Code>AccessDenied</Code>" };
        return fate === "odd" ? { status: 200, text: "" } : this.server.put(url, body);
      });
      if (answer.status === 200) this.server.acknowledge(url);
      return answer;
    } finally {
      this.inFlight -= 1;
      stop();
    }
  }

  /** A request reaches the server at half of its time, whether or not somebody still waits for the answer. */
  #travel(signal: AbortSignal, fate: Fate, arrive: (fate: Fate) => HttpAnswer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new TypeError("the connection broke"));
      if (signal.aborted) return fail();
      signal.addEventListener("abort", fail);
      const half = this.latency() / 2;
      this.clock.after(half, () => {
        if (!this.#isUp || fate === "lost") return fail();
        const answer = arrive(fate);
        this.clock.after(half, () => (fate === "answer lost" ? fail() : resolve(answer)));
      });
    });
  }

  /** What a good client never does, if it was done. */
  broken: Error | undefined;
}
