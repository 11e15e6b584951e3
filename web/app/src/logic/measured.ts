// What a browser has measured of a film before it was uploaded. It is kept in the asset's `metadata`, so that lists and pages
// can tell it without opening the film. Whoever reads it trusts nothing: anybody may write metadata.

import type { AssetBody } from "@landfall/uploader";

export interface Measured {
  duration_seconds?: number;
  width?: number;
  height?: number;
  /** The four letters of the codec, such as `avc1`. */
  codec?: string;
}

/** Its name in the metadata. */
const NAME = "measured";

/** The metadata that says it. */
export function noted(measured: Measured): Record<string, unknown> {
  return Object.keys(measured).length > 0 ? { [NAME]: measured } : {};
}

/** What is noted of an asset, as far as it makes sense. */
export function measuredOf({ metadata }: Pick<AssetBody, "metadata">): Measured {
  const value = metadata[NAME];
  if (typeof value !== "object" || value === null) return {};
  const { duration_seconds, width, height, codec } = value as Record<string, unknown>;
  return {
    ...(isLength(duration_seconds) ? { duration_seconds } : {}),
    ...(isLength(width) && isLength(height) ? { width, height } : {}),
    ...(typeof codec === "string" && /^[\w ]{4}$/.test(codec) ? { codec } : {}),
  };
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

const CODECS: Record<string, string> = {
  avc1: "H.264",
  avc3: "H.264",
  hvc1: "HEVC (H.265)",
  hev1: "HEVC (H.265)",
  dvh1: "Dolby Vision (HEVC)",
  dvhe: "Dolby Vision (HEVC)",
  vvc1: "VVC (H.266)",
  av01: "AV1",
  vp08: "VP8",
  vp09: "VP9",
  mp4v: "MPEG-4",
  s263: "H.263",
  jpeg: "Motion JPEG",
  ap4h: "ProRes 4444",
  ap4x: "ProRes 4444",
  apch: "ProRes 422 HQ",
  apcn: "ProRes 422",
  apcs: "ProRes 422 LT",
  apco: "ProRes 422 Proxy",
};

/** A codec as people know it; an unknown one by its four letters. */
export function codecText(codec: string): string {
  return CODECS[codec] ?? codec.trim();
}
