// What is known of a film, in a line.

import { kindText } from "../logic/limits";
import { codecText, type Measured } from "../logic/measured";
import { lengthText } from "./format";

/** `MP4, HEVC (H.265), 1920 × 1080, 0:12`, as far as it is known. */
export function filmText({ codec, width, height, duration_seconds }: Measured, contentType: string): string {
  return [
    contentType && kindText(contentType),
    codec && codecText(codec),
    sizeText(width, height),
    duration_seconds === undefined ? undefined : lengthText(duration_seconds),
  ]
    .filter((text) => text)
    .join(", ");
}

/** How large its pictures are. */
export function sizeText(width?: number, height?: number): string | undefined {
  return width && height ? `${width} × ${height}` : undefined;
}
