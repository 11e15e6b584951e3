// The uploader against the real binary: the API and the embedded store, over HTTP on this machine.

import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Upload } from "../../src/driver/upload.js";
import { Uploader, type UploaderOptions } from "../../src/driver/uploader.js";
import { MemoryJournal } from "../memory-journal.js";
import { seeded } from "../sim/clock.js";
import { Landfall } from "./landfall.js";
import { NodeTransport } from "./node-transport.js";

const MIB = 2 ** 20;
let landfall: Landfall;

beforeAll(async () => {
  const binary = process.env.LANDFALL_BINARY;
  if (!binary) throw new Error("LANDFALL_BINARY names the binary to test against");
  landfall = await Landfall.start(binary);
}, 90_000);

afterAll(() => landfall.stop());

type Named = Blob & { name: string };

/** What looks like an MP4 from its first bytes. */
function film(sizeBytes: number, seed: number): Named {
  const random = seeded(seed);
  const bytes = Uint8Array.from({ length: sizeBytes }, () => random() * 256);
  bytes.set([0, 0, 0, 24, ...new TextEncoder().encode("ftypisom")]);
  return Object.assign(new Blob([bytes], { type: "video/mp4" }), { name: "휴가 🎬.mp4" });
}

function still(): Named {
  const bytes = new Uint8Array(5000);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Object.assign(new Blob([bytes], { type: "image/png" }), { name: "still.png" });
}

function uploader(transport: NodeTransport, options: Partial<UploaderOptions> = {}): Uploader {
  const { address: server, token } = landfall;
  return new Uploader({ server, token, transport, journal: new MemoryJournal(), ...options });
}

function sha256(bytes: ArrayBuffer): string {
  return createHash("sha256").update(Buffer.from(bytes)).digest("hex");
}

/** What the server hands out of a role. */
async function download(id: string, role: string): Promise<ArrayBuffer> {
  const headers = { Authorization: `Bearer ${landfall.token}` };
  const answer = await fetch(`${landfall.address}/v1/videos/${id}/files/${role}/url`, { headers });
  const { url } = (await answer.json()) as { url: string };
  return (await fetch(url)).arrayBuffer();
}

/** Resolves when so many parts have arrived. */
function parts(transport: NodeTransport, count: number): Promise<void> {
  let left = count;
  return new Promise((resolve) => {
    transport.arrived = () => {
      left -= 1;
      if (left === 0) resolve();
    };
  });
}

test("a video and its thumbnail are published together, byte for byte", async () => {
  const video = film(21 * MIB + 7, 1);
  const upload = uploader(new NodeTransport())
    .upload({ title: "바다", files: { video, thumbnail: still() } })
    .start();
  const asset = await upload.published();
  expect(asset.status).toBe("CREATED");
  expect(asset.files.video?.verified).toEqual(
    expect.arrayContaining(["size", "content_type", "checksum", "magic_bytes"]),
  );
  expect(asset.files.video?.file_name).toBe("휴가 🎬.mp4");
  expect(sha256(await download(asset.id, "video"))).toBe(sha256(await video.arrayBuffer()));
  expect(asset.files.thumbnail?.url).toBeDefined();
  expect(upload.state).toMatchObject({ phase: "published", arrivedBytes: 21 * MIB + 7 + 5000 });
}, 120_000);

test("another device goes on where the first one stopped", async () => {
  const video = film(50 * MIB, 2);
  const first = new NodeTransport();
  const two = parts(first, 2);
  const begun: Upload = uploader(first, { rules: { parallel: { min: 1, start: 1, max: 1 } } })
    .upload({ files: { video } })
    .start();
  await two;
  begun.detach();
  const second = new NodeTransport();
  const upload = uploader(second).upload({ files: { video }, title: "Named at last" }).start();
  const asset = await upload.published();
  expect(upload.state.resumedBytes).toBeGreaterThanOrEqual(16 * MIB);
  expect(second.urls.length).toBeLessThanOrEqual(5);
  expect(asset.title).toBe("Named at last");
  expect(sha256(await download(asset.id, "video"))).toBe(sha256(await video.arrayBuffer()));
}, 120_000);

test("a server that is killed and started again only makes it wait", async () => {
  const video = film(50 * MIB, 3);
  const transport = new NodeTransport();
  const two = parts(transport, 2);
  const upload = uploader(transport).upload({ files: { video } }).start();
  await two;
  await landfall.crash();
  const asset = await upload.published();
  expect(sha256(await download(asset.id, "video"))).toBe(sha256(await video.arrayBuffer()));
}, 120_000);

test("what is no video is rejected with its reason", async () => {
  const video = Object.assign(new Blob([new Uint8Array(1000)]), { name: "film.mp4" });
  const upload = uploader(new NodeTransport()).upload({ files: { video } }).start();
  await expect(upload.published()).rejects.toMatchObject({ code: "rejected", facts: { reason: "content_mismatch" } });
  await upload.cancel();
}, 120_000);

test("pause, resume and cancel", async () => {
  const transport = new NodeTransport();
  const one = parts(transport, 1);
  const upload = uploader(transport)
    .upload({ files: { video: film(40 * MIB, 4) } })
    .start();
  await one;
  upload.pause();
  expect(upload.state.phase).toBe("paused");
  upload.resume();
  await upload.cancel();
  expect(upload.state.phase).toBe("cancelled");
  const { assetId } = upload.state;
  const headers = { Authorization: `Bearer ${landfall.token}` };
  const answer = await fetch(`${landfall.address}/v1/videos/${assetId}`, { headers });
  expect(answer.status).toBe(410);
}, 120_000);
