// The files in what somebody drops, pastes or chooses: single ones, and those in folders, however deep.

import { mediaTypeOf } from "@landfall/uploader";

export interface Taken {
  files: File[];
  /** Folders that hold no video. */
  empty: string[];
}

/** Deeper than this, and more files than this, are a mistake: somebody's whole disk. */
const MAX_DEPTH = 16;
const MAX_FILES = 1_000;

/** What was dropped has to be asked for at once: afterwards the browser has forgotten it. */
export async function takenFrom({ items, files }: Pick<DataTransfer, "items" | "files">): Promise<Taken> {
  const entries = [...items].filter(({ kind }) => kind === "file").map((item) => item.webkitGetAsEntry?.() ?? null);
  // A folder is among the files too, as one that cannot be read.
  const taken: Taken = { files: [...files].filter((_, at) => !entries[at]?.isDirectory), empty: [] };
  for (const entry of entries) {
    if (!entry?.isDirectory) continue;
    const found = (await within(entry as FileSystemDirectoryEntry, 0)).filter(isVideo);
    if (found.length === 0) taken.empty.push(entry.name);
    taken.files.push(...found);
  }
  return { ...taken, files: taken.files.slice(0, MAX_FILES) };
}

/** What a folder chooser gave: of everything in the folder, the videos. */
export function takenFromFolder(files: File[]): Taken {
  const videos = files.filter(isVideo);
  const [folder] = files[0]?.webkitRelativePath.split("/") ?? [];
  return { files: videos.slice(0, MAX_FILES), empty: videos.length > 0 || !folder ? [] : [folder] };
}

/** Besides films a folder holds all sorts of things that nobody meant to upload. */
function isVideo(file: File): boolean {
  return (mediaTypeOf(file)?.startsWith("video/") ?? false) && !file.name.startsWith(".");
}

async function within(folder: FileSystemDirectoryEntry, depth: number): Promise<File[]> {
  if (depth >= MAX_DEPTH) return [];
  const found: File[] = [];
  const reader = folder.createReader();
  for (;;) {
    // A reader gives some at a time, and at the end none.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (entries.length === 0 || found.length >= MAX_FILES) return found;
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.isDirectory) found.push(...(await within(entry as FileSystemDirectoryEntry, depth + 1)));
      else
        found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)));
    }
  }
}
