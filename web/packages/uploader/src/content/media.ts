// What a local file is announced as: its name and its type, as the server takes them.

/** Longest name the server keeps, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;
const MAX_TITLE_CHARS = 200;

/** The types that can be stored: their names, the stored one first, and the endings of files, their own first. */
export const TYPES: { names: string[]; extensions: string[] }[] = [
  { names: ["video/mp4", "video/x-m4v"], extensions: ["mp4", "m4v", "insv"] },
  { names: ["video/quicktime"], extensions: ["mov", "qt"] },
  { names: ["video/3gpp", "video/3gpp2"], extensions: ["3gp", "3gpp", "3g2", "3gpp2"] },
  { names: ["video/webm"], extensions: ["webm"] },
  { names: ["video/x-matroska", "video/matroska"], extensions: ["mkv"] },
  { names: ["video/x-msvideo", "video/avi", "video/vnd.avi", "video/msvideo"], extensions: ["avi"] },
  { names: ["image/jpeg", "image/jpg", "image/pjpeg"], extensions: ["jpg", "jpeg", "jpe", "jfif", "pjpeg"] },
  { names: ["image/png", "image/x-png"], extensions: ["png"] },
  { names: ["image/webp"], extensions: ["webp"] },
  { names: ["image/gif"], extensions: ["gif"] },
];

/** A file's type. The name decides, because browsers know only some of these types. */
export function mediaTypeOf(file: Blob & { name?: string }): string | undefined {
  return typeOf(file)?.names[0];
}

function typeOf(file: Blob & { name?: string }) {
  const ending = /\.([^.]+)$/.exec(file.name ?? "")?.[1]?.toLowerCase() ?? "";
  const declared = file.type.split(";")[0]?.trim().toLowerCase() ?? "";
  return (
    TYPES.find(({ extensions }) => extensions.includes(ending)) ?? TYPES.find(({ names }) => names.includes(declared))
  );
}

/** A file's name as it is announced: without a path, short enough. */
export function fileNameOf(file: Blob & { name?: string }, role: string): string {
  const own = typeOf(file)?.extensions[0];
  const name = onOneLine((file.name ?? "").replace(/^.*[/\\]/s, ""));
  if (name === "") return own ? `${role}.${own}` : role;
  const ending = /\.[^.]{1,16}$/.exec(name)?.[0] ?? "";
  let stem = Array.from(name.slice(0, name.length - ending.length));
  const bytes = new TextEncoder();
  while (bytes.encode(stem.join("") + ending).length > MAX_NAME_BYTES) stem = stem.slice(0, -1);
  return stem.join("") + ending;
}

/** Composed, because macOS hands out decomposed Korean, and without control characters. */
function onOneLine(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\p{Cc}/gu, " ")
    .trim();
}

/** A title for whom nobody gave one: the file's name without its ending. */
export function titleOf(file: Blob & { name?: string }): string {
  const stem = onOneLine((file.name ?? "").replace(/\.[^.]*$/, ""));
  return Array.from(stem).slice(0, MAX_TITLE_CHARS).join("").trim() || "untitled";
}
