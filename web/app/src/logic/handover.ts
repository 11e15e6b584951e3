// Moves playback from one video element to another that reads the same film from another address, so that nobody notices.
//
// The new one is loaded and sought a little ahead, and starts in the moment that the old one gets there. *Invariant*: until
// the new one plays (or stands still at the same frame), the old one is not touched.

/** How far ahead the new one waits for the old one, in seconds of film at usual speed. */
const AHEAD_SECONDS = 0.4;
/** Further apart than this would be seen as a jump. */
const APART_SECONDS = 0.25;
/** The old one is looked at this often. Shorter than a frame. */
const LOOK_MS = 12;
/** The new one has to be ready within this. */
const LIMIT_MS = 20_000;

/** Resolves when `next` has taken over; rejects if it cannot, with `old` as it was. */
export async function handOver(old: HTMLVideoElement, next: HTMLVideoElement, url: string): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  next.muted = true;
  next.volume = old.volume;
  next.src = url;
  await happened(next, "loadedmetadata", limit);
  next.playbackRate = old.playbackRate;
  for (;;) {
    await seek(next, old.paused ? old.currentTime : old.currentTime + AHEAD_SECONDS * old.playbackRate, limit);
    if (old.paused) break;
    while (isRunning(old) && old.currentTime < next.currentTime && isNear(old, next)) {
      limit.throwIfAborted();
      await pause(LOOK_MS);
    }
    // The person may have stopped it, or gone elsewhere.
    if (old.ended || (!old.paused && isNear(old, next))) break;
  }
  if (!old.paused) await next.play();
  else if (next.currentTime !== old.currentTime) await seek(next, old.currentTime, limit);
  next.muted = old.muted;
}

/** Takes up the film again in the same element, from another address: for errors, and where no other element can be used. */
export async function takeUp(video: HTMLVideoElement, url: string, from: { at: number; isPlaying: boolean }) {
  const { playbackRate } = video;
  const limit = AbortSignal.timeout(LIMIT_MS);
  const loaded = happened(video, "loadedmetadata", limit);
  video.src = url;
  await loaded;
  video.playbackRate = playbackRate;
  if (from.at > 0) video.currentTime = from.at;
  if (from.isPlaying) await video.play();
}

/** Whether its time goes by: not when it was stopped, has ended, or has run dry. */
function isRunning({ paused, ended, readyState }: HTMLVideoElement): boolean {
  return !paused && !ended && readyState >= HTMLMediaElement.HAVE_FUTURE_DATA;
}

function isNear(old: HTMLVideoElement, next: HTMLVideoElement): boolean {
  const apart = next.currentTime - old.currentTime;
  return apart > -APART_SECONDS && apart < (AHEAD_SECONDS + APART_SECONDS) * Math.max(old.playbackRate, 1);
}

async function seek(video: HTMLVideoElement, at: number, limit: AbortSignal): Promise<void> {
  const sought = happened(video, "seeked", limit);
  video.currentTime = at;
  await sought;
  if (video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA && !video.ended) await happened(video, "canplay", limit);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function happened(video: HTMLVideoElement, name: string, limit: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = () => reject(new Error(name));
    if (limit.aborted) return fail();
    video.addEventListener(name, () => resolve(), { once: true, signal: limit });
    video.addEventListener("error", fail, { once: true, signal: limit });
    limit.addEventListener("abort", fail, { once: true });
  });
}
