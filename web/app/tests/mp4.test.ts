// What an MP4 says of its film, read from its index alone.

import { expect, test } from "vitest";
import { codecText, measuredOf, noted } from "../src/logic/measured";
import { readTrack } from "../src/logic/mp4";

function box(type: string, ...content: (number[] | Uint8Array)[]): Uint8Array {
  const body = content.flatMap((one) => [...one]);
  const size = body.length + 8;
  return Uint8Array.from([...number(size, 4), ...[...type].map((char) => char.charCodeAt(0)), ...body]);
}

const number = (value: number, bytes: number) =>
  Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** (bytes - 1 - at)) % 256);
const zeros = (count: number) => Array<number>(count).fill(0);
const letters = (text: string) => [...text].map((char) => char.charCodeAt(0));

function track(handler: string, codec: string, width: number, height: number): Uint8Array {
  const entry = box(codec, zeros(24), number(width, 2), number(height, 2), zeros(50));
  const description = box("stsd", zeros(4), number(1, 4), entry);
  return box(
    "trak",
    box("tkhd", zeros(84)),
    box("mdia", box("hdlr", zeros(8), letters(handler), zeros(13)), box("minf", box("stbl", description))),
  );
}

const header = box("mvhd", zeros(12), number(1_000, 4), number(12_345, 4), zeros(80));
const longHeader = box("mvhd", [1, 0, 0, 0], zeros(16), number(600, 4), number(0, 4), number(7_200, 4), zeros(80));
const ftyp = box("ftyp", letters("isom"), zeros(4));

test.each([
  ["its index first", [ftyp, box("moov", header, track("vide", "hvc1", 1920, 1080)), box("mdat", zeros(99))], 12.345],
  ["its index last", [ftyp, box("mdat", zeros(99)), box("moov", header, track("vide", "hvc1", 1920, 1080))], 12.345],
  [
    "sound before pictures, and a long header",
    [ftyp, box("moov", longHeader, track("soun", "mp4a", 0, 0), track("vide", "hvc1", 1920, 1080))],
    12,
  ],
  [
    "sizes of 64 bits",
    [
      ftyp,
      Uint8Array.from([...number(1, 4), ...letters("mdat"), ...number(0, 4), ...number(26, 4), ...zeros(10)]),
      box("moov", header, track("vide", "hvc1", 1920, 1080)),
    ],
    12.345,
  ],
])("a film with %s", async (_, boxes, seconds) => {
  const film = new Blob(boxes as Uint8Array<ArrayBuffer>[]);
  expect(await readTrack(film)).toEqual({ codec: "hvc1", width: 1920, height: 1080, seconds });
});

test.each([
  ["nothing", []],
  ["a text", [Uint8Array.from(letters("This is no film. ".repeat(99)))]],
  ["sound alone", [ftyp, box("moov", header, track("soun", "mp4a", 0, 0))]],
  ["an index that is cut off", [ftyp, box("moov", header, track("vide", "avc1", 2, 2)).slice(0, 260)]],
  ["boxes without a size", [Uint8Array.from([...number(3, 4), ...letters("free"), ...zeros(99)])]],
])("%s is no film that is understood", async (_, parts) => {
  expect(await readTrack(new Blob(parts as Uint8Array<ArrayBuffer>[]))).toBeUndefined();
});

test("what is noted is read again, and nothing is believed that makes no sense", () => {
  const measured = { duration_seconds: 12.5, width: 640, height: 360, codec: "avc1" };
  expect(measuredOf({ metadata: noted(measured) })).toEqual(measured);
  expect(noted({})).toEqual({});
  for (const metadata of [{}, { measured: null }, { measured: "long" }, { measured: { duration_seconds: -1 } }]) {
    expect(measuredOf({ metadata })).toEqual({});
  }
  expect(measuredOf({ metadata: { measured: { width: 640, height: "360", codec: "<b>" } } })).toEqual({});
});

test("codecs are named as people know them", () => {
  expect([codecText("hvc1"), codecText("avc1"), codecText("xyz ")]).toEqual(["HEVC (H.265)", "H.264", "xyz"]);
});
