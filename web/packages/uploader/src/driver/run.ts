// Does what the session decides: calls, parts, checksums, journal. One run takes one asset from its opening to its end.
//
// *Invariants*: the journal holds the Idempotency-Key before the asset is created, and the asset's id before the first part is
// sent; after `stop` nothing is heard and nothing is started.

import type { Api } from "../api/client.js";
import { type Answer, parseRetryAfter } from "../api/error.js";
import type { AnnounceRequest, AssetBody, CompleteRequest } from "../api/schema.js";
import { ALGORITHM, checksumOf } from "../content/crc32.js";
import type { Entry, Journal } from "../journal/journal.js";
import { JITTER_MAX } from "../session/retry.js";
import { Session } from "../session/session.js";
import type { Action, Opening, Outcome, PartFailure, Rules, SessionEvent, Ticket } from "../session/words.js";
import type { HttpAnswer, Transport } from "../transport/transport.js";
import { type Clock, SteadyTime } from "./clock.js";
import { fitted } from "./companions.js";
import { UploadError } from "./error.js";
import type { Network } from "./network.js";
import type { Description } from "./request.js";

/** How often time is looked at, so that sleep shows and speed is measured. */
const TICK_MS = 1_000;
/** A part that has not moved a byte for this long is given up and tried again: time for a slow line to empty its buffers. */
const STALL_MS = 120_000;
/** How many unfinished uploads with the same fingerprint are looked at. */
const CANDIDATES = 10;

export interface Surroundings {
  api: Api;
  transport: Transport;
  clock: Clock;
  /** A random number from 0 to 1. */
  random: () => number;
  journal: Journal;
  /** Whose turn the journal's entries are: two uploads of the same content are two assets. */
  claims: Map<string, object>;
  network: Network;
  rules: Rules;
}

/** What to upload, and from where. */
export interface Job {
  files: Record<string, Blob>;
  /** What they are announced as. */
  announced: Record<string, AnnounceRequest>;
  /** The role whose file the asset is known by. */
  main: string;
  entry: Entry;
  opening: Opening;
  /** Checksums known so far, by role; completed here. `undefined`: none are made. */
  checksums: Record<string, string> | undefined;
  /** What the asset shall be called now. */
  description: () => Description;
}

export interface RunListener {
  /** Something may look different now. */
  changed(now: number): void;
  ended(outcome: Outcome | UploadError): void;
}

export class Run {
  readonly session: Session;
  asset: AssetBody | undefined;
  /** Whether the server has been asked to commit: what is described later comes too late for that. */
  isCompleting = false;
  readonly #time: SteadyTime;
  readonly #stopper = new AbortController();
  readonly #sending = new Map<string, { controller: AbortController; sentBytes: number }>();
  #wake: (() => void) | undefined;
  #tick: (() => void) | undefined;
  readonly #deaf: () => void;

  readonly #around: Surroundings;
  readonly #job: Job;
  readonly #listener: RunListener;

  constructor(around: Surroundings, job: Job, listener: RunListener) {
    this.#around = around;
    this.#job = job;
    this.#listener = listener;
    const sizes = Object.fromEntries(Object.entries(job.files).map(([role, file]) => [role, file.size]));
    const sums = job.checksums ? "awaited" : "none";
    this.session = new Session({ sizes, opening: job.opening, rules: around.rules, sums });
    this.#time = new SteadyTime(around.clock);
    this.#deaf = around.network.listen((kind) => this.tell({ kind }));
    if (!around.network.isOnline()) this.tell({ kind: "offline" });
  }

  start(): void {
    for (const [role, file] of Object.entries(this.#job.files)) this.#sum(role, file);
    this.#beat();
    this.#pump();
  }

  /** Says to the session what the person or the device wants. */
  tell(event: SessionEvent): void {
    if (this.#stopper.signal.aborted) return;
    const jitter = Math.floor(this.#around.random() * (JITTER_MAX + 1));
    this.session.onEvent(event, this.#now(), Math.min(jitter, JITTER_MAX));
    this.#pump();
  }

  /** Bytes handed to the network and not acknowledged yet. */
  get movingBytes(): number {
    let moving = 0;
    for (const { sentBytes } of this.#sending.values()) moving += sentBytes;
    return moving;
  }

  /** Ends everything at once, without a word. What counts is in the journal and at the server. */
  stop(): void {
    this.#stopper.abort();
    for (const { controller } of this.#sending.values()) controller.abort();
    this.#wake?.();
    this.#tick?.();
    this.#deaf();
  }

  /** Reads the clock, and tells the session if it has jumped. */
  #now(): number {
    const { now, hasJumped } = this.#time.read();
    if (hasJumped) this.session.onEvent({ kind: "woke" }, now, 0);
    return now;
  }

  #beat(): void {
    this.#tick = this.#around.clock.after(TICK_MS, () => {
      this.#beat();
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stopper.signal.aborted) return;
    const now = this.#now();
    for (;;) {
      const action = this.session.nextAction(now);
      if (action.kind === "finish") return this.#end(action.outcome);
      if (action.kind === "wait") {
        this.#wakeAt(action.until, now);
        break;
      }
      this.#perform(action);
    }
    this.#listener.changed(now);
  }

  #wakeAt(until: number | undefined, now: number): void {
    this.#wake?.();
    this.#wake =
      until === undefined ? undefined : this.#around.clock.after(Math.max(until - now, 0), () => this.#pump());
  }

  #end(outcome: Outcome | UploadError): void {
    if (this.#stopper.signal.aborted) return;
    this.stop();
    this.#listener.ended(outcome);
  }

  #perform(action: Exclude<Action, { kind: "wait" | "finish" }>): void {
    const { api } = this.#around;
    const { signal } = this.#stopper;
    const id = this.#job.entry.assetId ?? "";
    switch (action.kind) {
      case "create":
      case "resume":
      case "find":
        return this.#hear(this.#open(action.kind), (answer) => ({ kind: "opened", answer }));
      case "list":
        return this.#hear(api.parts(id, action.role, signal), (answer) => ({ ...action, kind: "listed", answer }));
      case "sign": {
        const { role, numbers } = action;
        return this.#hear(api.partUrls(id, role, numbers, signal), (answer) => ({ kind: "signed", role, answer }));
      }
      case "send": {
        const { role, number } = action.ticket;
        return this.#hear(this.#send(action.ticket), (failure) => ({ kind: "partEnded", role, number, failure }));
      }
      case "abort":
        return this.#sending.get(place(action))?.controller.abort();
      case "complete":
        return this.#hear(this.#complete(action.checksums), (answer) => ({ kind: "completed", answer }));
      case "poll":
        return this.#hear(api.show(id, signal), (answer) => ({ kind: "polled", answer }));
      case "delete":
        return this.#hear(api.delete(id, signal), (answer) => ({ kind: "deleted", answer }));
    }
  }

  /** Tells the session what came of it, when it comes. Only the local side rejects. */
  #hear<T>(work: Promise<T>, event: (result: T) => SessionEvent): void {
    work.then(
      (result) => this.tell(event(result)),
      (error) => this.#end(error),
    );
  }

  async #open(opening: Opening): Promise<Answer<AssetBody | undefined>> {
    const { api } = this.#around;
    const { entry, main, announced } = this.#job;
    const { signal } = this.#stopper;
    if (opening === "create") await this.#remember();
    const answer =
      opening === "create"
        ? await api.create(entry.idempotencyKey, entry.request, signal)
        : opening === "resume"
          ? await api.show(entry.assetId ?? "", signal)
          : await this.#find();
    if (!answer.ok) return answer;
    const asset = await fitted(api, answer.ok, announced, main, signal);
    if (asset.ok) {
      entry.assetId = asset.ok.id;
      this.asset = asset.ok;
      await this.#remember();
    }
    return asset;
  }

  /** An unfinished upload of the same main file, begun elsewhere. */
  async #find(): Promise<Answer<AssetBody | undefined>> {
    const { main, entry, files } = this.#job;
    const { fingerprint } = entry.request;
    if (!fingerprint) return { ok: undefined };
    const query = { fingerprint, status: "UPLOADING", limit: CANDIDATES };
    const { ok, error } = await this.#around.api.list(query, this.#stopper.signal);
    if (error) return { error };
    return { ok: ok.data.find((asset) => asset.files[main]?.size === files[main]?.size) };
  }

  /** What cannot be remembered costs only the memory. */
  async #remember(): Promise<void> {
    if (!this.#stopper.signal.aborted) await this.#around.journal.write(this.#job.entry).catch(() => {});
  }

  async #complete(sums: Record<string, string>): Promise<Answer<AssetBody>> {
    this.isCompleting = true;
    const { asset } = this;
    const body: CompleteRequest = {};
    const wanted = { ...this.#job.description() };
    // What others have noted of it stays.
    if (wanted.metadata) wanted.metadata = { ...asset?.metadata, ...wanted.metadata };
    for (const name of ["title", "description", "metadata"] as const) {
      const differs = JSON.stringify(wanted[name]) !== JSON.stringify(asset?.[name]);
      if (wanted[name] !== undefined && differs) Object.assign(body, { [name]: wanted[name] });
    }
    for (const [role, value] of Object.entries(sums)) {
      // A resumed upload may have been announced by somebody who sums otherwise, or not at all.
      if (asset?.files[role]?.checksum?.algorithm !== ALGORITHM) continue;
      body.files = { ...body.files, [role]: { checksum: { algorithm: ALGORITHM, value } } };
    }
    return this.#around.api.complete(this.#job.entry.assetId ?? "", body, this.#stopper.signal);
  }

  #sum(role: string, file: Blob): void {
    const { checksums } = this.#job;
    if (!checksums) return;
    const known = checksums[role];
    const value = known === undefined ? checksumOf(file, this.#stopper.signal) : Promise.resolve(known);
    value.then(
      (sum) => {
        checksums[role] = sum;
        this.tell({ kind: "summed", role, value: sum });
      },
      () => this.#end(new UploadError("unreadable", { role })),
    );
  }

  async #send(ticket: Ticket): Promise<PartFailure | undefined> {
    const { transport, clock } = this.#around;
    const { role, url, headers, offsetBytes, sizeBytes } = ticket;
    const controller = new AbortController();
    const attempt = { controller, sentBytes: 0 };
    const key = place(ticket);
    this.#sending.set(key, attempt);
    let isStalled = false;
    let cancelStall = () => {};
    const watch = () => {
      cancelStall();
      cancelStall = clock.after(STALL_MS, () => {
        isStalled = true;
        controller.abort();
      });
    };
    const onSent = (bytes: number) => {
      attempt.sentBytes = Math.min(bytes, sizeBytes);
      watch();
      if (!controller.signal.aborted) this.#listener.changed(this.#now());
    };
    const body = (this.#job.files[role] as Blob).slice(offsetBytes, offsetBytes + sizeBytes);
    watch();
    try {
      return judge(await transport.put({ url, headers, body, signal: controller.signal, onSent }));
    } catch {
      if (isStalled) return { kind: "weather", detail: "nothing has moved for too long" };
      if (controller.signal.aborted) return { kind: "aborted" };
      await this.#mustBeReadable(role, body);
      return { kind: "weather", detail: "the store cannot be reached" };
    } finally {
      cancelStall();
      this.#sending.delete(key);
    }
  }

  /** A file that was changed or taken away fails like a broken connection; reading it tells which it is. */
  async #mustBeReadable(role: string, body: Blob): Promise<void> {
    try {
      await body.slice(0, 1).arrayBuffer();
    } catch {
      throw new UploadError("unreadable", { role });
    }
  }
}

function place({ role, number }: { role: string; number: number }): string {
  return `${role} ${number}`;
}

/** What the store's answer to a part means. */
function judge({ status, text, retryAfter }: HttpAnswer): PartFailure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const detail = `the store answered ${status}: ${complaint(text)}`;
  if (status < 500 && ![408, 425, 429].includes(status)) return { kind: "refused", detail };
  return { kind: "weather", detail, retryAfterMs: parseRetryAfter(retryAfter) };
}

/** What an S3 error says: its code and message. Other elements of it may repeat the signed request, so they are left out. */
function complaint(text: string): string {
  const said = ["Code", "Message"].flatMap((name) => new RegExp(`<${name}>([^<]*)`).exec(text)?.[1] ?? []);
  return said.join(": ") || "no reason given";
}
