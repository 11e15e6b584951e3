// What may be uploaded, told before anything is sent.

import { mediaTypeOf } from "@landfall/uploader";
import type { CollectionBody, RoleBody } from "../api/contract";

export type Refusal = "empty" | "tooLarge" | "wrongKind";

/** Why a file cannot go into a role, if so. The server checks again what really arrives. */
export function refusalOf(file: File, role: RoleBody): Refusal | undefined {
  const type = mediaTypeOf(file);
  if (!type || !role.content_types.includes(type)) return "wrongKind";
  if (file.size === 0) return "empty";
  return file.size > role.max_size ? "tooLarge" : undefined;
}

export function findRole(collections: CollectionBody[], collection: string, role: string): RoleBody | undefined {
  return collections.find(({ name }) => name === collection)?.roles.find(({ name }) => name === role);
}

const NAMES: Record<string, string> = {
  "video/mp4": "MP4",
  "video/quicktime": "MOV",
  "video/3gpp": "3GP",
  "video/webm": "WebM",
  "video/x-matroska": "MKV",
  "video/x-msvideo": "AVI",
  "image/jpeg": "JPEG",
  "image/png": "PNG",
  "image/webp": "WebP",
  "image/gif": "GIF",
};

/** Types as people know them: `MP4, MOV, WebM`. */
export function kindsText({ content_types }: RoleBody): string {
  return content_types.map((type) => NAMES[type] ?? type).join(", ");
}

export function kindText(type: string): string {
  return NAMES[type] ?? type;
}

/** For a file chooser. Endings as well: browsers do not know the types of some of them. */
export function acceptText({ content_types }: RoleBody): string {
  return [...content_types, ...content_types.flatMap((type) => ENDINGS[type] ?? [])].join(",");
}

const ENDINGS: Record<string, string[]> = {
  "video/mp4": [".mp4", ".m4v"],
  "video/quicktime": [".mov"],
  "video/3gpp": [".3gp"],
  "video/webm": [".webm"],
  "video/x-matroska": [".mkv"],
  "video/x-msvideo": [".avi"],
};
