// Makes a known asset fit the files at hand, before it is taken up again.
//
// The asset is found by its main file. Its companions (a thumbnail, a preview) may be others this time: a poster frame drawn by
// another browser is another file. And a role whose file was rejected waits to be announced again.

import type { Api } from "../api/client.js";
import type { Answer } from "../api/error.js";
import type { AnnounceRequest, AssetBody, FileBody } from "../api/schema.js";

/** The status of an asset that can still be changed so. */
const UPLOADING = "UPLOADING";

/** The asset as it is then, or the first error. An asset that fits already costs no call. */
export async function fitted(
  api: Api,
  asset: AssetBody,
  wanted: Record<string, AnnounceRequest>,
  main: string,
  signal: AbortSignal,
): Promise<Answer<AssetBody>> {
  if (asset.status !== UPLOADING) return { ok: asset };
  let current = asset;
  for (const [role, file] of Object.entries(asset.files)) {
    const own = wanted[role];
    const isOther = own !== undefined && role !== main && file.upload !== undefined && differs(file, own);
    if (!isOther && (own !== undefined || !(await isUnfinished(api, asset.id, role, file, signal)))) continue;
    const { error } = await api.withdraw(asset.id, role, signal);
    if (error) return { error };
    const { [role]: _, ...files } = current.files;
    current = { ...current, files };
  }
  for (const [role, own] of Object.entries(wanted)) {
    const file = current.files[role];
    if (file && !file.rejected) continue;
    const answer = await api.announce(asset.id, role, own, signal);
    if (answer.error) return answer;
    current = answer.ok;
  }
  return { ok: current };
}

function differs(file: FileBody, own: AnnounceRequest): boolean {
  return file.size !== own.size || file.content_type !== own.content_type;
}

/** Whether a file that is not at hand keeps the asset from being published. */
async function isUnfinished(api: Api, id: string, role: string, file: FileBody, signal: AbortSignal): Promise<boolean> {
  if (file.rejected) return true;
  if (!file.upload) return false;
  const { ok } = await api.parts(id, role, signal);
  return ok !== undefined && ok.length < file.upload.part_count;
}
