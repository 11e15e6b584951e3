// The checksum of a whole file, read once from front to back: CRC-32 (ISO-HDLC), because S3 keeps it over a whole multipart
// object and JavaScript computes it fast; CRC-64 would need numbers of 64 bits.

/** The algorithm's name in the API. */
export const ALGORITHM = "crc32";
const POLYNOMIAL = 0xedb88320;
/** Read at a time: large enough for a disk's full speed, small enough that the page does not stutter. */
const READ_BYTES = 1024 * 1024;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 && POLYNOMIAL);
  return crc;
});

/** Carries a checksum on over more bytes. Begins with 0. */
export function crc32(before: number, bytes: Uint8Array): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}

/**
 * Reads the whole file and sums it up, as S3 writes it: base64 of the four bytes, most significant first. Rejects if the
 * file cannot be read, and when `signal` says stop.
 */
export async function checksumOf(file: Blob, signal: AbortSignal): Promise<string> {
  let crc = 0;
  for (let offset = 0; offset < file.size; offset += READ_BYTES) {
    const piece = await file.slice(offset, offset + READ_BYTES).arrayBuffer();
    signal.throwIfAborted();
    crc = crc32(crc, new Uint8Array(piece));
  }
  return btoa(String.fromCharCode(crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255));
}
