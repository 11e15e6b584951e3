// Has the browser save what lies at an address. The server says that it is to be saved, and under which name.

export function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.rel = "noreferrer";
  link.click();
}

/** Has the browser save what is here already. Of several links to elsewhere each would end the one before: to a page, what
 * is saved begins as a way to another page. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser holds on to the content by itself from here on.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

/** Browsers that ask where to save may take their time. */
const KEPT_MS = 60_000;
