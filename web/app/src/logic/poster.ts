// Arithmetic of a picture that is taken from a video: how large, and from where.

/** Cards and players show nothing larger; a picture of this size has some hundred kilobytes. */
const MAX_EDGE = 1280;

export interface Size {
  width: number;
  height: number;
}

/** The size of the picture: that of the video, scaled down to what is of use, with its proportions. */
export function posterSize({ width, height }: Size): Size {
  const scale = Math.min(1, MAX_EDGE / Math.max(width, height));
  return { width: Math.max(Math.round(width * scale), 1), height: Math.max(Math.round(height * scale), 1) };
}

/** Where to look for a picture, in seconds, best first. Films open with black frames and titles. */
export function posterTimes(duration: number): number[] {
  if (!Number.isFinite(duration) || duration <= 0) return [0];
  const times = [0.1, 0.3, 0.5].map((share) => Math.min(share * duration, 60));
  return [...new Set([...times, 0])];
}

/** How strong the differences of a picture have to be for it to show anything: a standard deviation, of 255. */
const FLAT = 12;

/** Whether a picture (RGBA) is of one colour, as a faded-out frame is. Looks at every `step`-th pixel. */
export function isFlat(pixels: Uint8ClampedArray, step = 16): boolean {
  let [count, sum, squares] = [0, 0, 0];
  for (let at = 0; at + 2 < pixels.length; at += 4 * step) {
    const [red, green, blue] = [pixels[at] as number, pixels[at + 1] as number, pixels[at + 2] as number];
    const light = 0.299 * red + 0.587 * green + 0.114 * blue;
    count += 1;
    sum += light;
    squares += light * light;
  }
  if (count === 0) return true;
  const mean = sum / count;
  return Math.sqrt(Math.max(squares / count - mean * mean, 0)) < FLAT;
}

/** What is tried until the picture is within a limit: type and quality. */
export function posterEncodings(allowed: string[]): { type: string; quality: number }[] {
  const types = ["image/webp", "image/jpeg"].filter((type) => allowed.includes(type));
  return types.flatMap((type) => [0.85, 0.6, 0.35].map((quality) => ({ type, quality })));
}
