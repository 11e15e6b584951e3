// Looks at a video on the device, by the browser's own decoder: how long and how large it is, and a picture of it. A video that
// the browser cannot show has none: it is uploaded all the same, and the page says so.

import type { Measured } from "../logic/measured";
import { readTrack, type Track } from "../logic/mp4";
import { isFlat, posterEncodings, posterSize, posterTimes } from "../logic/poster";
import type { RoleBody } from "../api/contract";

/** A file of many gigabytes whose index is at its end may take long; the upload does not wait longer than this. */
const LIMIT_MS = 10_000;

/** How long the decoder's last reads may take to be given up. */
const LET_GO_MS = 5_000;

const ENDINGS: Record<string, string> = { "image/webp": "webp", "image/jpeg": "jpg" };

export interface Look {
  /** A picture within the role's limits, if there is one. */
  poster: File | undefined;
  measured: Measured;
  /** `unseen`: this browser has no decoder for its pictures. `unknown`: it took too long to tell. */
  sight: "seen" | "unseen" | "unknown";
}

/** Never rejects. Without a role no picture is taken. */
export async function lookAt(file: File, role: RoleBody | undefined): Promise<Look> {
  const track = await readTrack(file);
  const video = document.createElement("video");
  const url = URL.createObjectURL(file);
  const limit = AbortSignal.timeout(LIMIT_MS);
  const look: Look = { poster: undefined, measured: {}, sight: "unknown" };
  try {
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    video.src = url;
    await happened(video, "loadeddata", limit);
    // A film whose sound can be decoded, but not its pictures, plays, and shows nothing.
    look.sight = video.videoWidth > 0 ? "seen" : "unseen";
    if (role && look.sight === "seen") look.poster = await encode(await draw(video, limit), role);
  } catch {
    if (video.error && look.sight === "unknown") look.sight = "unseen";
  }
  look.measured = measure(video, track);
  video.removeAttribute("src");
  video.load();
  // A read that is still on its way would find nothing, which Chromium reports as an error.
  setTimeout(() => URL.revokeObjectURL(url), LET_GO_MS);
  return look;
}

/** What the decoder knows, and where it knows nothing, what the file says. */
function measure(video: HTMLVideoElement, track: Track | undefined): Measured {
  const seconds = video.duration > 0 && Number.isFinite(video.duration) ? video.duration : track?.seconds;
  const [width, height] =
    video.videoWidth > 0 ? [video.videoWidth, video.videoHeight] : [track?.width ?? 0, track?.height ?? 0];
  return {
    ...(seconds === undefined ? {} : { duration_seconds: Math.round(seconds * 1000) / 1000 }),
    ...(width > 0 && height > 0 ? { width, height } : {}),
    ...(track ? { codec: track.codec } : {}),
  };
}

/** The first frame that shows something. */
async function draw(video: HTMLVideoElement, limit: AbortSignal): Promise<HTMLCanvasElement> {
  const canvas = document.createElement("canvas");
  for (const time of posterTimes(video.duration)) {
    video.currentTime = time;
    await happened(video, "seeked", limit);
    if (!isFlat(drawFrame(video, canvas).data)) break;
  }
  return canvas;
}

/** Draws what a video shows now, no larger than is of use. */
export function drawFrame(video: HTMLVideoElement, canvas: HTMLCanvasElement): ImageData {
  Object.assign(canvas, posterSize({ width: video.videoWidth, height: video.videoHeight }));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** A picture as the role takes it, if that can be. */
export async function encode(canvas: HTMLCanvasElement, role: RoleBody): Promise<File | undefined> {
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
