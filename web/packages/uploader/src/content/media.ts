// What a local file is announced as: its name and its type, as the server takes them.

/** Longest name the server keeps, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;
const MAX_TITLE_CHARS = 200;

/** The types that can be stored, by the endings of their names. The first ending of a type is its own. */
const TYPES: Record<string, string> = {
  mp4: "video/mp4",
  m4v: "video/mp4",
  mov: "video/quicktime",
  qt: "video/quicktime",
  "3gp": "video/3gpp",
  webm: "video/webm",
  mkv: "video/x-matroska",
  avi: "video/x-msvideo",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
};

/** A file's type. The name decides, because browsers know only some of these types, and know others by old names. */
export function mediaTypeOf(file: Blob & { name?: string }): string | undefined {
  const byName = TYPES[/\.([^.]+)$/.exec(file.name ?? "")?.[1]?.toLowerCase() ?? ""];
  const declared = file.type.split(";")[0]?.trim().toLowerCase();
  return byName ?? Object.values(TYPES).find((type) => type === declared);
}

/** A file's name as it is announced: composed (macOS hands out decomposed Korean), without a path, short enough. */
export function fileNameOf(file: Blob & { name?: string }, role: string): string {
  const type = mediaTypeOf(file);
  const own = Object.keys(TYPES).find((ending) => TYPES[ending] === type);
  const name = (file.name ?? "")
    .normalize("NFC")
    .replace(/^.*[/\\]/s, "")
    .replace(/\p{Cc}/gu, " ")
    .trim();
  if (name === "") return own ? `${role}.${own}` : role;
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? "";
  let stem = Array.from(name.slice(0, name.length - ending.length));
  const bytes = new TextEncoder();
  while (bytes.encode(stem.join("") + ending).length > MAX_NAME_BYTES) stem = stem.slice(0, -1);
  return stem.join("") + ending;
}

/** A title for whom nobody gave one: the file's name without its ending. */
export function titleOf(file: Blob & { name?: string }): string {
  const stem = (file.name ?? "")
    .normalize("NFC")
    .replace(/\.[^.]*$/, "")
    .replace(/\p{Cc}/gu, " ")
    .trim();
  return Array.from(stem).slice(0, MAX_TITLE_CHARS).join("").trim() || "untitled";
}
