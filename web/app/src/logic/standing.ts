// How an asset of the library stands, in words that are true: "uploading" is only what something is uploading now.

import type { AssetBody } from "@landfall/uploader";

export type Standing =
  | { kind: "published" }
  | { kind: "uploading" }
  /** Begun, and nothing is sending it. */
  | { kind: "left" }
  /** The server has refused one of its files. */
  | { kind: "rejected"; role: string; code: string };

/** `isMoving`: something is sending it now, here or elsewhere. */
export function standingOf({ status, files }: Pick<AssetBody, "status" | "files">, isMoving: boolean): Standing {
  if (status === "CREATED") return { kind: "published" };
  if (isMoving) return { kind: "uploading" };
  for (const [role, { rejected }] of Object.entries(files)) {
    if (rejected) return { kind: "rejected", role, code: rejected.code };
  }
  return { kind: "left" };
}
