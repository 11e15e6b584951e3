// What a person wants to upload, and what is asked of the server for it.

import type { Api } from "../api/client.js";
import type { AnnounceRequest, CompleteRequest } from "../api/schema.js";
import { ALGORITHM } from "../content/crc32.js";
import { fileNameOf, mediaTypeOf, titleOf } from "../content/media.js";
import type { Entry } from "../journal/journal.js";
import { PartPlan } from "../session/plan.js";
import { UploadError } from "./error.js";

/** A local file: a `File`, or a `Blob` without a name. */
export type LocalFile = Blob & { readonly name?: string };

/** What an asset is called, and what a service notes of it. */
export type Description = Pick<CompleteRequest, "title" | "description" | "metadata">;

/** What to upload. */
export interface UploadRequest extends Description {
  /** A local file for each role, such as `{ video, thumbnail }`. All are published together. */
  files: Record<string, LocalFile>;
  /** The role whose file the upload is found again by. By default `video`, or else the first. */
  main?: string;
}

/** Whether files are summed up, so that the server compares what arrived with what was read. */
export type Sums = "made" | "none";

/** The role whose file the upload is found again by. */
export function mainRole({ files, main }: UploadRequest): string {
  const role = main ?? ("video" in files ? "video" : Object.keys(files)[0]);
  if (role === undefined || !files[role]) throw new TypeError("an upload needs a file for its main role");
  return role;
}

/** What no server would take, found without asking one. */
export function flawOf({ files }: UploadRequest): UploadError | undefined {
  for (const [role, file] of Object.entries(files)) {
    if (!PartPlan.withPreferred(file.size)) return new UploadError("bad_size", { role });
    if (!mediaTypeOf(file)) return new UploadError("bad_type", { role });
  }
  return undefined;
}

/** What each file is announced as. */
export function announcements({ files }: UploadRequest, sums: Sums): Record<string, AnnounceRequest> {
  const announce = ([role, file]: [string, LocalFile]): [string, AnnounceRequest] => [
    role,
    {
      file_name: fileNameOf(file, role),
      size: file.size,
      content_type: mediaTypeOf(file) ?? "",
      ...(sums === "made" ? { checksum: { algorithm: ALGORITHM } } : {}),
    },
  ];
  return Object.fromEntries(Object.entries(files).map(announce));
}

/** Where an upload is remembered: the same for the same file of the same person at the same server. */
export function entryKey(api: Api, account: string, fingerprint: string): string {
  return [api.server, api.collection, encodeURIComponent(account), fingerprint].join(" ");
}

/** A new upload, before its asset exists. `random` gives numbers from 0 to 1. */
export function freshEntry(
  upload: UploadRequest,
  sums: Sums,
  where: { key: string; api: Api; fingerprint: string },
  begunAt: number,
  random: () => number,
): Entry {
  const { title, description, metadata, files } = upload;
  const { key, api, fingerprint } = where;
  return {
    key,
    server: api.server,
    collection: api.collection,
    idempotencyKey: idempotencyKey(random),
    request: {
      title: title ?? titleOf(files[mainRole(upload)] as LocalFile),
      ...(description ? { description } : {}),
      ...(metadata ? { metadata } : {}),
      files: announcements(upload, sums),
      fingerprint,
    },
    begunAt,
  };
}

/** 128 random bits. */
function idempotencyKey(random: () => number): string {
  return Array.from({ length: 4 }, () => Math.floor(random() * 2 ** 32).toString(36)).join("-");
}
