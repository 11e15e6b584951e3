// One video that is being uploaded, as the page shows it: the upload, what it is called, and its picture.

import { type AssetBody, fingerprintOf, type Upload, type Uploader } from "@landfall/uploader";
import { type UploadState, titleOf } from "@landfall/uploader";
import type { RoleBody } from "../api/contract";
import { type Measured, noted } from "../logic/measured";
import { activity } from "./activity.svelte";
import { type Look, lookAt } from "./look";

/**
 * `poster`: a picture is being taken. `known`: the person has this video already, and says what to do. `waiting`: others go
 * first. `begun`: see the upload's own phase.
 */
export type Stage = "poster" | "known" | "waiting" | "begun";
export type Phase = Exclude<Stage, "begun"> | UploadState["phase"];

export interface Beginning {
  file: File;
  /** The unfinished upload that it goes on with. */
  assetId?: string | undefined;
  title?: string | undefined;
  description?: string | undefined;
  /** `arrived`: the server has a picture of it already, which is kept unless another one is given. */
  thumbnail?: "arrived" | undefined;
  /** What is noted of it already. */
  metadata?: Record<string, unknown> | undefined;
}

/** The server is told what somebody types when they pause for so long. */
const TYPING_MS = 600;
const MOVING: Phase[] = ["new", "preparing", "uploading", "committing", "cancelling"];
const OVER: Phase[] = ["published", "cancelled"];

export class Item {
  readonly file: File;
  title: string = $state("");
  description: string = $state("");
  stage: Stage = $state("poster");
  thumbnail: File | undefined = $state.raw();
  thumbnailUrl: string | undefined = $state();
  thumbnailOrigin: "video" | "own" | "arrived" | "none" = $state("none");
  shown: UploadState | undefined = $state.raw();
  measured: Measured = $state.raw({});
  twin: AssetBody | undefined = $state.raw();
  sight: Look["sight"] = $state("unknown");
  readonly #assetId: string | undefined;
  readonly #metadata: Record<string, unknown>;
  #upload: Upload | undefined;
  /** Lets go of what tells other tabs that this one is sending it. */
  #letGo: (() => void) | undefined;
  #stopTelling = () => {};
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: number,
    private readonly uploader: Uploader,
    { file, assetId, title, description, thumbnail, metadata = {} }: Beginning,
    /** Told when it may be another one's turn. */
    private readonly onmoved: () => void,
  ) {
    this.file = file;
    this.title = title ?? titleOf(file);
    this.description = description ?? "";
    this.#metadata = metadata;
    this.#assetId = assetId;
    if (thumbnail) this.thumbnailOrigin = thumbnail;
  }

  get phase(): Phase {
    return this.stage === "begun" ? (this.shown?.phase ?? "new") : this.stage;
  }

  get assetId(): string | undefined {
    return this.shown?.assetId ?? this.#assetId;
  }

  get name(): string {
    return this.title.trim() || titleOf(this.file);
  }

  get isMoving(): boolean {
    return MOVING.includes(this.phase);
  }

  get isOver(): boolean {
    return OVER.includes(this.phase);
  }

  /** The server looked at what arrived and refused it: the same file again would be refused again. */
  get isRejected(): boolean {
    const error = this.phase === "failed" ? this.shown?.error : undefined;
    return error?.code === "rejected" && (error.facts.role ?? "video") === "video";
  }

  get canPause(): boolean {
    return this.phase === "uploading" || this.phase === "preparing";
  }

  get canChangeThumbnail(): boolean {
    return !this.isOver && this.phase !== "committing" && this.phase !== "cancelling";
  }

  get totalBytes(): number {
    return this.shown?.totalBytes ?? this.file.size;
  }

  get sentBytes(): number {
    return this.shown?.sentBytes ?? 0;
  }

  /** Looks at the video and takes a picture of it, unless there is one. Then it waits for its turn. */
  async prepare(role: RoleBody | undefined): Promise<void> {
    const { poster, measured, sight } = await lookAt(this.file, this.thumbnailOrigin === "none" ? role : undefined);
    this.measured = measured;
    this.sight = sight;
    if (poster && this.thumbnailOrigin === "none") this.#show(poster, "video");
    this.twin = await this.#findTwin();
    if (this.stage === "poster") this.stage = this.twin ? "known" : "waiting";
    this.onmoved();
  }

  /** Uploads what the person has already once more. */
  goAhead(): void {
    if (this.stage !== "known") return;
    this.stage = "waiting";
    this.onmoved();
  }

  /** Starts it. */
  begin(): void {
    this.stage = "begun";
    this.#stopTelling();
    const { file, thumbnail, title, description } = this;
    const files = thumbnail ? { video: file, thumbnail } : { video: file };
    const metadata = { ...this.#metadata, ...noted(this.measured) };
    const upload = this.uploader.upload({ title: title.trim() || titleOf(file), description, metadata, files });
    this.#upload = upload;
    this.#stopTelling = upload.subscribe((state) => {
      const before = this.phase;
      this.shown = state;
      this.#claim();
      if (before !== state.phase) this.onmoved();
    });
    upload.start();
  }

  /** Another picture. What is under way goes on with it: the video's parts that have arrived stay where they are. */
  useThumbnail(file: File): void {
    this.#show(file, "own");
    if (this.stage !== "begun" || !this.canChangeThumbnail) return;
    const wasPaused = this.phase === "paused";
    this.#upload?.detach();
    this.begin();
    if (wasPaused) this.#upload?.pause();
  }

  /** Called whenever title or description change. */
  typed(): void {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => void this.#tell(), TYPING_MS);
  }

  pause(): void {
    this.#upload?.pause();
  }

  resume(): void {
    this.#upload?.resume();
  }

  retry(): void {
    this.#upload?.retry();
  }

  async cancel(): Promise<void> {
    await this.#upload?.cancel();
  }

  /** Lets go of what the browser holds. What has begun can be taken up again, by choosing the same file. */
  release(): void {
    if (!this.isOver) this.#upload?.detach();
    this.#letGo?.();
    clearTimeout(this.#typing);
    this.#stopTelling();
    if (this.thumbnailUrl) URL.revokeObjectURL(this.thumbnailUrl);
  }

  /** A published video of the same content. Whoever goes on with an upload has begun it, and knows. */
  async #findTwin(): Promise<AssetBody | undefined> {
    if (this.#assetId !== undefined) return undefined;
    const fingerprint = await fingerprintOf(this.file).catch(() => undefined);
    if (fingerprint === undefined) return undefined;
    const { ok } = await this.uploader.api.list({ fingerprint, status: "CREATED", limit: 1 });
    return ok?.data.find(({ files }) => files.video?.size === this.file.size);
  }

  #claim(): void {
    const id = this.shown?.assetId;
    if (this.isMoving && id) this.#letGo ??= activity.hold(id);
    else if (!this.isMoving) {
      this.#letGo?.();
      this.#letGo = undefined;
    }
  }

  async #tell(): Promise<void> {
    const words = { title: this.name, description: this.description };
    const isTold = await this.#upload?.describe(words);
    const id = this.shown?.assetId;
    // The upload itself tells it at the end; told now as well, it survives a reload.
    if (isTold === false && id && !this.isOver) await this.uploader.api.patch(id, words);
  }

  #show(thumbnail: File, origin: "video" | "own"): void {
    if (this.thumbnailUrl) URL.revokeObjectURL(this.thumbnailUrl);
    this.thumbnail = thumbnail;
    this.thumbnailUrl = URL.createObjectURL(thumbnail);
    this.thumbnailOrigin = origin;
  }
}
