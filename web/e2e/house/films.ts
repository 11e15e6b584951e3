// The films that the tests upload: made by ffmpeg once, kept beside the tests and never committed.

import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../films/", import.meta.url));
const MIB = 1024 * 1024;

/** A film that plays for 40 seconds, and how many bytes its file has. */
export interface Film {
  path: string;
  name: string;
  size: number;
}

/** Three seconds, some kilobytes: for tests that are about something else than its bytes. */
export const SHORT = film("short.mp4");
/** 5 MiB, nearly all of it pictures: a seek needs bytes that are not there yet. */
export const SMALL = film("five.mp4", 5 * MIB);
/** 12 MiB: three parts of Uppy's, for tests that stop on the way. */
export const THREE = film("three.mp4", 12 * MIB);
/** 24 MiB: three parts. */
export const MIDDLE = film("middle.mp4", 24 * MIB);
/** 300 MB: 36 parts. */
export const LARGE = film("large.mp4", 300_000_000);
/** The short and the middle one by names that are hard to write. */
export const NAMED = { short: film("바다 🌊 여름 100%.mp4"), middle: film("한라산 ⛰️ & 'dawn'.mp4") };
/** A film whose sound Chromium plays and whose pictures it cannot show; and one that has no sound either. */
export const HEVC = film("hevc.mp4");
export const SILENT_HEVC = film("silent.mp4");
/** What is called a film and is none: it arrives, and is refused. */
export const FAKE = film("fake.mp4");
/** What cannot be uploaded: nothing, and no film. */
export const EMPTY = film("empty.mp4");
export const NOTE = film("note.txt");
/** A picture. */
export const PORTRAIT = join(FOLDER, "portrait.png");

function film(name: string, size = 0): Film {
  const path = join(FOLDER, name);
  return { path, name, size: size || (existsSync(path) ? statSync(path).size : 0) };
}

/** Before all tests. */
export default function makeAll(): void {
  mkdirSync(FOLDER, { recursive: true });
  const long = join(FOLDER, "long.mp4");
  if (!existsSync(long))
    encode(long, 40, ["-b:v", "1000k", "-minrate", "1000k", "-maxrate", "1000k", "-bufsize", "500k"]);
  if (!existsSync(SHORT.path)) encode(SHORT.path, 3, ["-crf", "35"]);
  for (const { path, size } of [SMALL, THREE, MIDDLE, LARGE])
    if (!existsSync(path)) pad(readFileSync(long), path, size);
  copyFileSync(SHORT.path, NAMED.short.path);
  copyFileSync(MIDDLE.path, NAMED.middle.path);
  writeFileSync(EMPTY.path, "");
  writeFileSync(NOTE.path, "no film");
  writeFileSync(FAKE.path, "This is no film. ".repeat(4096));
  for (const [{ path }, sound] of [
    [HEVC, ["-f", "lavfi", "-i", "sine=duration=3", "-c:a", "aac"]],
    [SILENT_HEVC, []],
  ] as const) {
    if (existsSync(path)) continue;
    const codec = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error", "-tag:v", "hvc1"];
    ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=3", ...sound, ...codec, path]);
  }
  if (!existsSync(PORTRAIT)) ffmpeg(["-f", "lavfi", "-i", "testsrc2=size=640x480", "-frames:v", "1", PORTRAIT]);
}

/** A moving picture with noise, so that it cannot be made small; its index comes first. */
function encode(path: string, seconds: number, rate: string[]): void {
  const picture = `testsrc2=size=320x180:rate=25:duration=${seconds},noise=alls=40:allf=t`;
  const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", ...rate];
  ffmpeg(["-f", "lavfi", "-i", picture, ...codec, "-movflags", "+faststart", path]);
}

function ffmpeg(args: string[]): void {
  execFileSync("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args], { stdio: ["ignore", "ignore", "inherit"] });
}

/**
 * The film, and behind it a box of the kind that players leave out (ISO 14496-12, 8.1.2), up to the size. Each MiB of it
 * begins with its number, so that no two parts are equal; between them the file has holes and takes no room.
 */
function pad(film: Buffer, path: string, size: number): void {
  const file = openSync(path, "w");
  try {
    writeSync(file, film);
    const header = Buffer.alloc(8);
    header.writeUInt32BE(size - film.length, 0);
    header.write("free", 4, "latin1");
    writeSync(file, header);
    ftruncateSync(file, size);
    for (let at = Math.ceil((film.length + 8) / MIB) * MIB; at + 8 <= size; at += MIB) {
      const mark = Buffer.alloc(8);
      mark.writeBigUInt64BE(BigInt(at));
      writeSync(file, mark, 0, 8, at);
    }
  } finally {
    closeSync(file);
  }
}
