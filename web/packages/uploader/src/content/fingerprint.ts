// What a file is known by on every device: its size and the checksums of three samples of its content.
//
// Reading a 50 GB film to learn whether it was begun yesterday would take longer than asking, so only its beginning, middle
// and end are read. Two films of one owner that agree in all of it would have to be made on purpose, by that owner; then the
// server's checks, not this, decide what is published.

import { crc32 } from "./crc32.js";

/** How much is read in each of three places. A smaller file is read whole. */
const SAMPLE_BYTES = 64 * 1024;
/** Names this way of doing it. */
const PREFIX = "content1";

/** Reads the samples. Rejects if the file cannot be read. */
export async function fingerprintOf(file: Blob): Promise<string> {
  const last = file.size - SAMPLE_BYTES;
  const isSmall = file.size <= 3 * SAMPLE_BYTES;
  const samples = isSmall ? [file] : [0, Math.floor(last / 2), last].map((at) => file.slice(at, at + SAMPLE_BYTES));
  const sums = samples.map(async (sample) => crc32(0, new Uint8Array(await sample.arrayBuffer())));
  const hex = (await Promise.all(sums)).map((sum) => sum.toString(16).padStart(8, "0"));
  return [PREFIX, file.size, ...hex].join("-");
}
