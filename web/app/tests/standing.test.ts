// What is said of an asset in the library.

import type { AssetBody } from "@landfall/uploader";
import { expect, test } from "vitest";
import { takenFrom, takenFromFolder } from "../src/logic/dropped";
import { standingOf } from "../src/logic/standing";

const asset = (status: "CREATED" | "UPLOADING", rejected?: string) =>
  ({
    status,
    files: { video: {}, thumbnail: rejected ? { rejected: { code: rejected, detail: "" } } : {} },
  }) as unknown as AssetBody;

test("uploading is only what something is uploading now", () => {
  expect(standingOf(asset("UPLOADING"), true).kind).toBe("uploading");
  expect(standingOf(asset("UPLOADING"), false).kind).toBe("left");
  expect(standingOf(asset("CREATED"), false).kind).toBe("published");
  const refused = { kind: "rejected", role: "thumbnail", code: "content_mismatch" };
  expect(standingOf(asset("UPLOADING", "content_mismatch"), false)).toEqual(refused);
  // A published video whose next thumbnail was refused is published.
  expect(standingOf(asset("CREATED", "content_mismatch"), false).kind).toBe("published");
});

type Tree = { [name: string]: Tree | File };

function entry(name: string, node: Tree | File): FileSystemEntry {
  if (node instanceof File) {
    return { name, isDirectory: false, file: (give: (file: File) => void) => give(node) } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    // Browsers give some at a time.
    const rest = Object.entries(node).map(([name, node]) => entry(name, node));
    return { readEntries: (give: (entries: FileSystemEntry[]) => void) => give(rest.splice(0, 1)) };
  };
  return { name, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

const film = (name: string) => new File(["x"], name, { type: "" });

function dropped(nodes: Tree) {
  const entries = Object.entries(nodes);
  const items = entries.map(([name, node]) => ({ kind: "file", webkitGetAsEntry: () => entry(name, node) }));
  const files = entries.map(([name, node]) => (node instanceof File ? node : film(name)));
  return { items, files } as unknown as DataTransfer;
}

test("folders are looked through, however deep, for videos", async () => {
  const trip = {
    "b.mov": film("b.mov"),
    "a.txt": film("a.txt"),
    deep: { "a.mp4": film("a.mp4"), "._a.mp4": film("._a.mp4") },
  };
  const { files, empty } = await takenFrom(
    dropped({ trip, "note.txt": film("note.txt"), papers: { "x.pdf": film("x.pdf") } }),
  );
  // What was dropped by itself is taken as it is: whoever dropped it is told why it cannot be uploaded.
  expect(files.map(({ name }) => name)).toEqual(["note.txt", "b.mov", "a.mp4"]);
  expect(empty).toEqual(["papers"]);
});

test("of a folder that is chosen the videos are taken", () => {
  const inFolder = (name: string) => Object.assign(film(name), { webkitRelativePath: `trip/${name}` });
  expect(takenFromFolder([inFolder("a.mp4"), inFolder("b.jpg")]).files.map(({ name }) => name)).toEqual(["a.mp4"]);
  expect(takenFromFolder([inFolder("b.jpg")])).toEqual({ files: [], empty: ["trip"] });
  expect(takenFromFolder([])).toEqual({ files: [], empty: [] });
});
