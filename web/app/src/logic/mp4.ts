// What an MP4 or MOV file says of its film: read from its index, without decoding anything, so that it is known of films that
// the browser cannot show (ISO 14496-12).
//
// Only the headers of boxes are read, some twenty of them, so a film of many gigabytes costs no more than a small one.

export interface Track {
  /** The four letters of the codec, such as `avc1` or `hvc1`. */
  codec: string;
  width: number;
  height: number;
  /** Of the whole film; nothing where it does not say. */
  seconds: number | undefined;
}

interface Box {
  type: string;
  /** Where its content begins, and where it ends. */
  from: number;
  to: number;
}

/** Boxes that are looked through in one place before it is given up: a file of something else may look like many. */
const MAX_BOXES = 200;

/** The first video track, or nothing: no MP4, or none that is understood. Never rejects. */
export async function readTrack(file: Blob): Promise<Track | undefined> {
  try {
    return await read(file);
  } catch {
    return undefined;
  }
}

async function read(file: Blob): Promise<Track | undefined> {
  const [movie] = await boxes(file, { type: "", from: 0, to: file.size }, "moov");
  if (!movie) return undefined;
  const [header] = await boxes(file, movie, "mvhd");
  const seconds = header && (await lengthOf(file, header));
  for (const track of await boxes(file, movie, "trak")) {
    const description = await descend(file, track, ["mdia", "minf", "stbl", "stsd"]);
    if (!description || !(await isVideo(file, track))) continue;
    // Version and flags, a count, then the first entry: its header, 24 bytes of no interest, width and height.
    const entry = await view(file, description.from + 8, 36);
    return { codec: letters(entry, 4), width: entry.getUint16(32), height: entry.getUint16(34), seconds };
  }
  return undefined;
}

async function isVideo(file: Blob, track: Box): Promise<boolean> {
  const handler = await descend(file, track, ["mdia", "hdlr"]);
  return handler !== undefined && letters(await view(file, handler.from, 12), 8) === "vide";
}

async function lengthOf(file: Blob, { from }: Box): Promise<number | undefined> {
  const header = await view(file, from, 32);
  const isLong = header.getUint8(0) === 1;
  const scale = header.getUint32(isLong ? 20 : 12);
  const length = isLong ? Number(header.getBigUint64(24)) : header.getUint32(16);
  return scale > 0 && length > 0 ? length / scale : undefined;
}

async function descend(file: Blob, box: Box, path: string[]): Promise<Box | undefined> {
  let current: Box | undefined = box;
  for (const type of path) {
    if (!current) return undefined;
    [current] = await boxes(file, current, type);
  }
  return current;
}

/** The boxes of a type that lie directly in another one. */
async function boxes(file: Blob, { from, to }: Box, type: string): Promise<Box[]> {
  const found: Box[] = [];
  let at = from;
  for (let count = 0; count < MAX_BOXES && at + 8 <= to; count += 1) {
    const header = await view(file, at, Math.min(16, to - at));
    const short = header.getUint32(0);
    const [head, size] =
      short === 1 ? [16, Number(header.getBigUint64(8))] : short === 0 ? [8, to - at] : ([8, short] as const);
    if (size < head) break;
    if (letters(header, 4) === type) found.push({ type, from: at + head, to: Math.min(at + size, to) });
    at += size;
  }
  return found;
}

async function view(file: Blob, from: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(from, from + length).arrayBuffer());
}

function letters(bytes: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((offset) => bytes.getUint8(at + offset)));
}
