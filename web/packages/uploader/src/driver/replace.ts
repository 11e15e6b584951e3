// Puts another file into a role of a published asset: its thumbnail, its preview. What is published stays until the new file has
// been verified.
//
// For files that are small beside a film: they are sent from front to back, nothing is remembered over a reload, and a failure
// is told instead of tried again. Calling it once more begins anew. An entry of its own (`@landfall/uploader/replace`), so that
// pages that only upload do not load it.

import type { Api } from "../api/client.js";
import { type Answer, unreachable } from "../api/error.js";
import type { AnnounceRequest, AssetBody, FileBody } from "../api/schema.js";
import { BrowserTransport } from "../transport/browser.js";
import type { Transport } from "../transport/transport.js";
import { type Clock, HOST_CLOCK } from "./clock.js";
import { announcements, type LocalFile } from "./request.js";

/** While the server is still checking. */
const LOOK_MS = 2_000;
const MAX_LOOKS = 60;

/** Other surroundings than the host's, for tests and for other hosts. */
export interface ReplaceOptions {
  transport?: Transport;
  clock?: Clock;
  signal?: AbortSignal;
}

/** Resolves to the asset as it is then, or to what went wrong. `api` is an uploader's. */
export async function replace(
  api: Api,
  assetId: string,
  role: string,
  file: LocalFile,
  options: ReplaceOptions = {},
): Promise<Answer<AssetBody>> {
  const { transport = new BrowserTransport(), clock = HOST_CLOCK, signal = new AbortController().signal } = options;
  const announced = announcements({ files: { [role]: file } }, "none")[role] as AnnounceRequest;
  const told = await api.announce(assetId, role, announced, signal);
  if (told.error) return told;
  const upload = pending(told.ok, role)?.upload;
  const numbers = Array.from({ length: upload?.part_count ?? 0 }, (_, at) => at + 1);
  const signed = await api.partUrls(assetId, role, numbers, signal);
  if (signed.error) return signed;
  const partSize = upload?.part_size ?? 0;
  for (const { number, url, headers } of signed.ok) {
    const body = file.slice((number - 1) * partSize, number * partSize);
    const answer = await transport.put({ url, headers, body, signal, onSent: () => {} }).catch(() => undefined);
    if (!answer) return { error: unreachable("the store cannot be reached") };
    if (answer.status >= 300) return { error: unreachable(`the store answered ${answer.status}`) };
  }
  let answer = await api.complete(assetId, {}, signal);
  for (let looks = 0; answer.ok && pending(answer.ok, role) && looks < MAX_LOOKS; looks += 1) {
    await new Promise<void>((resolve) => clock.after(LOOK_MS, resolve));
    answer = await api.show(assetId, signal);
  }
  return answer;
}

/** What is on its way into a role. */
function pending({ files }: AssetBody, role: string): FileBody | undefined {
  const file = files[role];
  return file?.replacement ?? (file?.upload ? file : undefined);
}
