// The person's profile image: the newest published image that was made for it. The one before goes when the new one is there.

import { type ApiError, type AssetBody, type Upload, Uploader, type UploadState } from "@landfall/uploader";
import { session } from "./session.svelte";

const COLLECTION = "images";
/** How an image is known to be a profile image among others of the same collection. */
const PURPOSE = "profile";
const PAGE = 100;

class Profile {
  stage: "asking" | "known" = $state("asking");
  current: AssetBody | undefined = $state.raw();
  error: ApiError | undefined = $state.raw();
  sending: UploadState | undefined = $state.raw();
  #upload: Upload | undefined;

  get url(): string | undefined {
    return this.current?.files.image?.url;
  }

  async load(): Promise<void> {
    const { list, error } = await this.#list();
    this.error = error;
    if (list) this.current = list[0];
    this.stage = "known";
  }

  /** Publishes an image and then lets go of the ones before. Resolves to whether it is there; `sending` tells why not. */
  async save(image: File, title: string): Promise<boolean> {
    const { server, credentials } = session.client;
    const account = session.person?.owner ?? "";
    const uploader = new Uploader({ server, credentials, account, collection: COLLECTION });
    this.#upload?.detach();
    const upload = uploader.upload({ title, metadata: { purpose: PURPOSE }, files: { image } });
    this.#upload = upload;
    const stop = upload.subscribe((state) => (this.sending = state));
    try {
      const asset = await upload.start().published();
      this.current = asset;
      this.sending = undefined;
      await this.#forget(asset.id);
      return true;
    } catch {
      return false;
    } finally {
      stop();
    }
  }

  async remove(): Promise<ApiError | undefined> {
    const { list, error } = await this.#list();
    if (!list) return error;
    for (const { id } of list) {
      const answer = await session.client.delete(COLLECTION, id);
      if (answer.error) return answer.error;
    }
    this.current = undefined;
    return undefined;
  }

  /** Whatever profile images there are besides. What cannot be deleted now is deleted with the next. */
  async #forget(kept: string): Promise<void> {
    const { list = [] } = await this.#list();
    for (const { id } of list) if (id !== kept) await session.client.delete(COLLECTION, id);
  }

  async #list(): Promise<{ list?: AssetBody[] | undefined; error?: ApiError | undefined }> {
    const { ok, error } = await session.client.assets(COLLECTION, { status: "CREATED", limit: PAGE });
    return { list: ok?.data.filter(({ metadata }) => metadata.purpose === PURPOSE), error };
  }
}

export const profile = new Profile();
