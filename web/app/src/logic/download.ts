// Has the browser save what lies at an address. The server says that it is to be saved, and under which name.

export function save(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.rel = "noreferrer";
  link.click();
}
