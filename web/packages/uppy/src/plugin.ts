// Uppy's uploader for Landfall's own protocol: one file of Uppy's is one asset.
//
// It translates and decides nothing: what Uppy's buttons say goes to the upload, and what the upload shows goes to Uppy. A file
// that Golden Retriever brings back, or that is chosen again, goes on where it was, because the upload finds itself by the
// file's content.

import { type LocalFile, mediaTypeOf, titleOf, type Upload, Uploader, type UploaderOptions } from "@landfall/uploader";
import { explain, type Language } from "@landfall/uploader/texts";
import type { Body, DefinePluginOpts, Meta, PluginOpts, Uppy, UppyFile } from "@uppy/core";
import { BasePlugin, EventManager } from "@uppy/core";
import { filterFilesToEmitUploadStarted, filterFilesToUpload } from "@uppy/core/utils";
import { Turns } from "./turns.js";

/** What Uppy keeps of a published file. */
export interface LandfallBody extends Body {
  assetId: string;
}

export interface LandfallOptions<M extends Meta, B extends Body>
  extends PluginOpts, Omit<UploaderOptions, "collection"> {
  /** Files uploaded at once; each sends several parts. */
  limit?: number;
  /** Where a file belongs. By default `video` in `videos`, or `image` in `images`. */
  place?: (file: UppyFile<M, B>) => { collection: string; role: string };
  /** What its asset is called. By default `meta.title`, or the file's name without its ending. */
  describe?: (file: UppyFile<M, B>) => { title?: string; description?: string; metadata?: Record<string, unknown> };
  /** Files that are published together with it, by role: a thumbnail, a preview. */
  companions?: (file: UppyFile<M, B>) => Promise<Record<string, LocalFile>> | Record<string, LocalFile>;
  /** Of the texts of errors. */
  language?: Language;
}

/** Each upload keeps several connections busy, so a few are enough. */
const defaultOptions = { limit: 2, language: "en" as const };

export class Landfall<M extends Meta, B extends Body> extends BasePlugin<
  DefinePluginOpts<LandfallOptions<M, B>, keyof typeof defaultOptions>,
  M,
  B
> {
  readonly #uploaders = new Map<string, Uploader>();
  /** Uploads that are under way or have failed, by Uppy's id of their file. */
  readonly #uploads = new Map<string, Upload>();
  readonly #turns: Turns;

  constructor(uppy: Uppy<M, B>, options?: LandfallOptions<M, B>) {
    super(uppy, { ...defaultOptions, ...options });
    this.type = "uploader";
    this.id = this.opts.id ?? "Landfall";
    this.#turns = new Turns(this.opts.limit);
  }

  override install(): void {
    this.#announce(true);
    this.uppy.addUploader(this.#uploadAll);
    this.uppy.on("file-removed", this.#forget);
  }

  override uninstall(): void {
    this.#announce(false);
    this.uppy.removeUploader(this.#uploadAll);
    this.uppy.off("file-removed", this.#forget);
    for (const upload of this.#uploads.values()) upload.detach();
    this.#uploads.clear();
  }

  #announce(resumableUploads: boolean): void {
    this.uppy.setState({ capabilities: { ...this.uppy.getState().capabilities, resumableUploads } });
  }

  #uploadAll = async (ids: string[]): Promise<void> => {
    const files = filterFilesToUpload(this.uppy.getFilesByIds(ids));
    this.uppy.emit("upload-start", filterFilesToEmitUploadStarted(files));
    await Promise.all(files.map((file) => this.#uploadOne(file)));
  };

  /** A file that was removed is thrown away at the server too, unless it is published. */
  #forget = (file: UppyFile<M, B>): void => {
    const upload = this.#uploads.get(file.id);
    this.#uploads.delete(file.id);
    void upload?.cancel();
  };

  async #uploadOne(file: UppyFile<M, B>): Promise<void> {
    const known = this.#uploads.get(file.id);
    let upload: Upload;
    try {
      upload = known ?? (await this.#begin(file));
    } catch (error) {
      return this.#fail(file, error as Error);
    }
    // Removed while its companions were made.
    if (!this.uppy.getFile(file.id)) return upload.cancel();
    this.#uploads.set(file.id, upload);
    const go = () => {
      upload.resume();
      upload.start();
    };
    let end = () => {};
    const pause = () => {
      end();
      upload.pause();
    };
    const take = () => {
      end();
      end = this.#turns.take(go);
    };
    const events = new EventManager(this.uppy);
    events.onPause(file.id, (isPaused) => (isPaused ? pause() : take()));
    events.onPauseAll(file.id, pause);
    events.onResumeAll(file.id, take);
    const stop = upload.subscribe(({ phase, sentBytes }) => {
      const current = this.uppy.getFile(file.id);
      if (!current || phase === "new") return;
      const { uploadStarted } = current.progress;
      this.uppy.emit("upload-progress", current, {
        uploadStarted: uploadStarted ?? Date.now(),
        bytesUploaded: Math.min(sentBytes, current.size ?? sentBytes),
        bytesTotal: current.size,
      });
    });
    upload.retry();
    if (!file.isPaused) take();
    try {
      const asset = await upload.published();
      this.#uploads.delete(file.id);
      const body = { assetId: asset.id } as unknown as B;
      this.uppy.emit("upload-success", this.uppy.getFile(file.id), { status: 200, body });
    } catch {
      const { error } = upload.state;
      if (error && error.code !== "cancelled") {
        const { message, hint } = explain(error, this.opts.language);
        this.#fail(file, Object.assign(new Error(`${message} ${hint}`.trim()), { cause: error }));
      }
    } finally {
      stop();
      end();
      events.remove();
    }
  }

  #fail(file: UppyFile<M, B>, error: Error): void {
    this.uppy.emit("upload-error", this.uppy.getFile(file.id), error);
  }

  async #begin(file: UppyFile<M, B>): Promise<Upload> {
    const data = named(file);
    const { collection, role } = this.opts.place?.(file) ?? placeOf(data);
    const { describe, companions } = this.opts;
    const title = typeof file.meta.title === "string" && file.meta.title !== "" ? file.meta.title : titleOf(data);
    const files = { ...(await companions?.(file)), [role]: data };
    return this.#uploader(collection).upload({ title, ...describe?.(file), files, main: role });
  }

  #uploader(collection: string): Uploader {
    const known = this.#uploaders.get(collection) ?? new Uploader({ ...this.opts, collection });
    this.#uploaders.set(collection, known);
    return known;
  }
}

/** The file's data under the name that it has in Uppy. */
function named<M extends Meta, B extends Body>(file: UppyFile<M, B>): LocalFile {
  if (file.isRemote || !file.data) throw new Error("only files of this device can be uploaded");
  const data = file.data as LocalFile;
  if (data.name === file.name) return data;
  return Object.assign(data.slice(0, data.size, file.type), { name: file.name ?? "" });
}

function placeOf(file: LocalFile): { collection: string; role: string } {
  const isImage = mediaTypeOf(file)?.startsWith("image/") === true;
  return isImage ? { collection: "images", role: "image" } : { collection: "videos", role: "video" };
}
