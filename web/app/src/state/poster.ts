// Takes a picture from a video on the device, by the browser's own decoder. A video that the browser cannot play has none:
// it is uploaded all the same.

import { isFlat, posterEncodings, posterSize, posterTimes } from "../logic/poster";
import type { RoleBody } from "../api/contract";

/** A file of many gigabytes whose index is at its end may take long; the upload does not wait longer than this. */
const LIMIT_MS = 10_000;

/** How long the decoder's last reads may take to be given up. */
const LET_GO_MS = 5_000;

const ENDINGS: Record<string, string> = { "image/webp": "webp", "image/jpeg": "jpg" };

/** A picture within the role's limits, or nothing. Never rejects. */
export async function takePoster(file: File, role: RoleBody): Promise<File | undefined> {
  const video = document.createElement("video");
  const url = URL.createObjectURL(file);
  const limit = AbortSignal.timeout(LIMIT_MS);
  try {
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    video.src = url;
    await happened(video, "loadeddata", limit);
    return await encode(await draw(video, limit), role);
  } catch {
    return undefined;
  } finally {
    video.removeAttribute("src");
    video.load();
    // A read that is still on its way would find nothing, which Chromium reports as an error.
    setTimeout(() => URL.revokeObjectURL(url), LET_GO_MS);
  }
}

/** The first frame that shows something. */
async function draw(video: HTMLVideoElement, limit: AbortSignal): Promise<HTMLCanvasElement> {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, posterSize({ width: video.videoWidth, height: video.videoHeight }));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  for (const time of posterTimes(video.duration)) {
    video.currentTime = time;
    await happened(video, "seeked", limit);
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    if (!isFlat(context.getImageData(0, 0, canvas.width, canvas.height).data)) break;
  }
  return canvas;
}

async function encode(canvas: HTMLCanvasElement, role: RoleBody): Promise<File | undefined> {
  for (const { type, quality } of posterEncodings(role.content_types)) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
    // A browser that cannot write a type silently writes PNG.
    if (blob?.type === type && blob.size <= role.max_size) return new File([blob], `poster.${ENDINGS[type]}`, { type });
  }
  return undefined;
}

function happened(video: HTMLVideoElement, name: string, limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(name));
    limit.throwIfAborted();
    video.addEventListener(name, () => resolve(), { once: true, signal: limit });
    video.addEventListener("error", fail, { once: true, signal: limit });
    limit.addEventListener("abort", fail, { once: true });
  });
}
