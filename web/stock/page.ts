// The page around a stock Uppy: a file field, a button for each thing that a person may do, and a line that says how it is.

/** What a test asks for, behind the `#` of the page's address. */
export interface Wishes {
  /** Where Uppy finds Landfall. */
  door: string;
  /** Sent with each request, if there is one. */
  token?: string;
  /** Sends the session's cookie instead. */
  isByCookie?: boolean;
  isMultipart: boolean;
  /** Signs each request by itself. */
  isSigned?: boolean;
  /** Golden Retriever remembers over a reload, and keeps files of so many bytes at the most. */
  keeps?: number;
}

/** What both generations have. */
interface Uppy {
  addFile(file: { name: string; type: string; data: File }): unknown;
  upload(): Promise<unknown>;
  pauseAll(): void;
  resumeAll(): void;
  retryAll(): Promise<unknown>;
  cancelAll(): void;
  restore(): void;
  getFiles(): { isGhost?: boolean }[];
  on(event: "restored" | "cancel-all", act: () => void): unknown;
  on(event: "upload-success", act: (file: unknown, response: { uploadURL?: string }) => void): unknown;
  on(event: "upload-error", act: (file: unknown, error: { message: string }) => void): unknown;
}

export function wishes(): Wishes {
  return JSON.parse(decodeURIComponent(location.hash.slice(1))) as Wishes;
}

export function show(uppy: Uppy): void {
  const state = document.createElement("output");
  const say = (text: string) => (state.textContent = text);
  const field = Object.assign(document.createElement("input"), { type: "file", ariaLabel: "File" });
  field.addEventListener("change", () => {
    // A file that is remembered without its bytes gets them back, and "Go on" is still to be pressed, as in the Dashboard.
    const isAwaited = uppy.getFiles().some(({ isGhost }) => isGhost);
    for (const file of field.files ?? []) uppy.addFile({ name: file.name, type: file.type, data: file });
    say(isAwaited ? "chosen again" : "uploading");
    if (!isAwaited) void uppy.upload();
  });
  const acts: Record<string, () => unknown> = {
    Pause: () => uppy.pauseAll(),
    Resume: () => uppy.resumeAll(),
    Retry: () => uppy.retryAll(),
    Cancel: () => uppy.cancelAll(),
    "Go on": () => uppy.restore(),
  };
  const buttons = Object.entries(acts).map(([name, act]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: name });
    button.addEventListener("click", () => void act());
    return button;
  });
  uppy.on("restored", () =>
    say(uppy.getFiles().some(({ isGhost }) => isGhost) ? "restored, choose again" : "restored"),
  );
  uppy.on("cancel-all", () => say("cancelled"));
  uppy.on("upload-success", () => say("done"));
  uppy.on("upload-error", (_, { message }) => say(`failed: ${message}`));
  document.body.append(field, ...buttons, state);
}
