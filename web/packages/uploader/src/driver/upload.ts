// One upload as a person sees it: it can be started, paused, resumed, cancelled and tried again, and tells how it is.
//
// It chooses how a run begins (from the journal, by fingerprint, afresh) and draws the conclusions from its end. *Invariant*:
// at most one run is alive, so nothing is sent twice at once.

import type { AssetBody } from "../api/schema.js";
import { fingerprintOf } from "../content/fingerprint.js";
import type { Entry } from "../journal/journal.js";
import type { Opening, Outcome } from "../session/words.js";
import { errorOf, UploadError } from "./error.js";
import { Meter } from "./meter.js";
import * as requests from "./request.js";
import { Run, type Surroundings } from "./run.js";
import { INITIAL_STATE, phaseOf, type UploadState } from "./state.js";

/** How an upload is made, besides what it is made with. */
export interface UploadSettings {
  /** Whose entries in the journal are meant, where several people use one browser. */
  account: string;
  sums: requests.Sums;
}

/** Between two tellings of mere progress. */
const TELL_EVERY_MS = 100;
/** How often an upload that turns out to be gone is begun anew without asking the person. */
const MAX_BEGINNINGS = 3;
/** The reason of what nobody finished in time. */
const ABANDONED = "abandoned";

export class Upload {
  readonly #listeners = new Set<(state: UploadState) => void>();
  readonly #meter = new Meter();
  readonly #checksums: Record<string, string> = {};
  readonly #main: string;
  #shown: UploadState;
  #stage: "new" | "preparing" | "running" | "ended" = "new";
  #isPaused = false;
  #run: Run | undefined;
  #entry: Entry | undefined;
  /** The entry is from an earlier run, so its asset may be gone by now. */
  #isRemembered = false;
  #beginnings = 0;
  #resumedBytes: number | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  readonly #around: Surroundings;
  readonly #request: requests.UploadRequest;
  readonly #settings: UploadSettings;

  constructor(around: Surroundings, request: requests.UploadRequest, settings: UploadSettings) {
    this.#around = around;
    this.#request = request;
    this.#settings = settings;
    this.#main = requests.mainRole(request);
    const totalBytes = Object.values(request.files).reduce((total, file) => total + file.size, 0);
    this.#shown = { ...INITIAL_STATE, totalBytes };
  }

  /** How it is now. */
  get state(): UploadState {
    return this.#shown;
  }

  /** Tells the state now and whenever it changes, at most some ten times a second. Gives a function that stops it. */
  subscribe(listener: (state: UploadState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#shown);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when it is published; rejects with an `UploadError` when it has failed or was cancelled. */
  published(): Promise<AssetBody> {
    return new Promise((resolve, reject) => {
      const listener = ({ asset, error }: UploadState) => {
        if (asset) resolve(asset);
        else if (error) reject(error);
        else return;
        this.#listeners.delete(listener);
      };
      this.subscribe(listener);
    });
  }

  /** Starts it. Later calls do nothing. */
  start(): this {
    if (this.#stage === "new") void this.#prepare();
    return this;
  }

  /** Breaks off what is being sent and starts nothing new, until `resume`. */
  pause(): void {
    if (this.#isPaused || this.#stage === "ended") return;
    this.#isPaused = true;
    this.#meter.interrupt();
    if (this.#run) this.#run.tell({ kind: "pause" });
    else if (this.#stage !== "new") this.#show({ phase: "paused" });
  }

  /** Goes on. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#run) this.#run.tell({ kind: "resume" });
    else if (this.#stage !== "new") this.#show({ phase: "preparing" });
  }

  /** Tries again after a failure, from where that is possible. Does nothing unless it has failed. */
  retry(): void {
    const { phase, error } = this.#shown;
    if (phase !== "failed") return;
    this.#isPaused = false;
    this.#beginnings = 0;
    this.#show({ phase: "preparing", error: undefined, trouble: undefined });
    if (!error?.canResume) this.#entry = undefined;
    void this.#prepare();
  }

  /** Throws it away, here and at the server. What has been published is not touched. */
  async cancel(): Promise<void> {
    const { phase } = this.#shown;
    if (phase === "published" || phase === "cancelled") return;
    if (this.#stage === "running" && this.#run) {
      this.#run.tell({ kind: "cancel" });
      await this.published().catch(() => {});
      return;
    }
    this.#stage = "ended";
    const id = this.#entry?.assetId;
    // If it does not work, the upload expires by itself.
    if (id) await this.#around.api.delete(id);
    await this.#conclude({ kind: "cancelled" });
  }

  /** Lets go of it without a word to the server, so that it can be resumed later by another `Upload` of the same file. */
  detach(): void {
    this.#stage = "ended";
    this.#release();
    this.#run?.stop();
    this.#listeners.clear();
  }

  /** Calls the asset otherwise, while it uploads or afterwards. Resolves to whether the server knows it already. */
  async describe(description: requests.Description): Promise<boolean> {
    Object.assign(this.#request, description);
    const id = this.#entry?.assetId;
    // Before `complete` it is told with it.
    if (!id || !(this.#run?.isCompleting || this.#stage === "ended")) return false;
    const { ok } = await this.#around.api.patch(id, description);
    return ok !== undefined;
  }

  async #prepare(): Promise<void> {
    this.#stage = "preparing";
    this.#show({ phase: this.#isPaused ? "paused" : "preparing" });
    const flaw = requests.flawOf(this.#request);
    if (flaw) return this.#conclude(flaw);
    const { api, journal, claims } = this.#around;
    let fingerprint: string;
    try {
      fingerprint = await fingerprintOf(this.#request.files[this.#main] as Blob);
    } catch {
      return this.#conclude(new UploadError("unreadable", { role: this.#main }));
    }
    const remembered = await journal.list().catch(() => []);
    // It may have been cancelled or let go of meanwhile.
    if (this.#stage !== "preparing") return;
    const base = requests.entryKey(api, this.#settings.account, fingerprint);
    const isOfContent = (key: string) => key.startsWith(base);
    const entry = remembered.find(({ key }) => isOfContent(key) && !claims.has(key));
    this.#isRemembered = entry !== undefined;
    if (entry) return this.#launch(entry, entry.assetId ? "resume" : "create");
    let key = base;
    while (claims.has(key)) key += "+";
    // What the server has of this content may be another upload's.
    this.#launch(this.#freshEntry(key, fingerprint), [...claims.keys()].some(isOfContent) ? "create" : "find");
  }

  #release(): void {
    const [{ claims }, key = ""] = [this.#around, this.#entry?.key];
    if (claims.get(key) === this) claims.delete(key);
  }

  #freshEntry(key: string, fingerprint: string): Entry {
    const { api, clock, random } = this.#around;
    return requests.freshEntry(this.#request, this.#settings.sums, { key, api, fingerprint }, clock.wall(), random);
  }

  #launch(entry: Entry, opening: Opening): void {
    this.#stage = "running";
    this.#entry = entry;
    this.#around.claims.set(entry.key, this);
    this.#beginnings += 1;
    this.#resumedBytes = undefined;
    this.#meter.interrupt();
    const { sums } = this.#settings;
    const job = {
      files: this.#request.files,
      announced: requests.announcements(this.#request, sums),
      main: this.#main,
      entry,
      opening,
      checksums: sums === "made" ? this.#checksums : undefined,
      description: () => this.#request,
    };
    this.#run = new Run(this.#around, job, {
      changed: (now) => this.#changed(now),
      ended: (outcome) => void this.#ended(outcome),
    });
    if (this.#isPaused) this.#run.tell({ kind: "pause" });
    this.#run.start();
  }

  async #ended(outcome: Outcome | UploadError): Promise<void> {
    const entry = this.#entry;
    if (this.#stage !== "running" || !entry) return;
    if (!this.#isWorthANewBeginning(outcome)) return this.#conclude(outcome);
    await this.#around.journal.forget(entry.key).catch(() => {});
    if (this.#stage !== "running") return;
    this.#isRemembered = false;
    this.#launch(this.#freshEntry(entry.key, entry.request.fingerprint ?? ""), "create");
  }

  /** What has expired, or was gone before this page asked, is begun anew. What somebody deletes meanwhile is not. */
  #isWorthANewBeginning(outcome: Outcome | UploadError): boolean {
    if (outcome instanceof UploadError || this.#beginnings >= MAX_BEGINNINGS) return false;
    if (outcome.kind === "unknown") return true;
    if (outcome.kind !== "gone") return false;
    const { code, problem } = outcome.error;
    const hasExpired = code === "upload_expired" || problem?.reason === ABANDONED;
    return hasExpired || (this.#isRemembered && this.#run?.asset === undefined);
  }

  async #conclude(outcome: Outcome | UploadError): Promise<void> {
    this.#stage = "ended";
    this.#isPaused = false;
    const entry = this.#entry;
    const error = outcome instanceof UploadError ? outcome : errorOf(outcome, entry?.assetId);
    if (entry && !error?.canResume) await this.#around.journal.forget(entry.key).catch(() => {});
    this.#release();
    this.#run = undefined;
    const still = { partsInFlight: 0, trouble: undefined, secondsLeft: undefined, bytesPerSecond: 0 };
    if (error) return this.#show({ ...still, phase: error.code === "cancelled" ? "cancelled" : "failed", error });
    const { totalBytes } = this.#shown;
    const asset = "asset" in outcome ? outcome.asset : undefined;
    this.#show({ ...still, phase: "published", asset, arrivedBytes: totalBytes, sentBytes: totalBytes });
  }

  /** The run may look different. */
  #changed(now: number): void {
    const [run, shown] = [this.#run, this.#shown];
    if (!run || this.#stage !== "running") return;
    const { session } = run;
    if (session.isListed) this.#resumedBytes ??= session.arrivedBytes;
    const sentBytes = Math.min(session.arrivedBytes + run.movingBytes, shown.totalBytes);
    if (session.phase === "sending" && session.isListed && !this.#isPaused) this.#meter.sample(sentBytes, now);
    const phase = phaseOf(session);
    const isNews = phase !== shown.phase || session.trouble?.failures !== shown.trouble?.failures;
    if (!isNews && now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const { trouble } = session;
    this.#show({
      phase,
      assetId: run.asset?.id,
      arrivedBytes: session.arrivedBytes,
      sentBytes,
      resumedBytes: this.#resumedBytes ?? 0,
      bytesPerSecond: this.#meter.bytesPerSecond,
      secondsLeft: this.#meter.secondsFor(shown.totalBytes - sentBytes),
      partsInFlight: session.partsInFlight,
      trouble: trouble && {
        detail: trouble.detail,
        serverCode: trouble.code,
        failures: trouble.failures,
        retryInMs: Math.max(trouble.retryAt - now, 0),
        isOffline: !this.#around.network.isOnline(),
      },
    });
  }

  #show(change: Partial<UploadState>): void {
    this.#shown = { ...this.#shown, ...change };
    for (const listener of [...this.#listeners]) listener(this.#shown);
  }
}
