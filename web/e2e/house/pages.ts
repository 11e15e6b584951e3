// The pages as people use them: by names and labels, in English.

import { readFileSync } from "node:fs";
import { expect, type JSHandle, type Locator, type Page } from "@playwright/test";
import type { Film } from "./films";

/** Chooses files on the upload page. */
export async function choose(page: Page, ...films: Film[]): Promise<void> {
  await page.getByLabel("Choose videos").setInputFiles(films.map(({ path }) => path));
}

/** What somebody drags who has taken hold of these files. */
export async function dragged(page: Page, ...films: Film[]): Promise<JSHandle<DataTransfer>> {
  const given = films.map(({ path, name }) => ({ name, text: readFileSync(path, "base64") }));
  return page.evaluateHandle((given) => {
    const transfer = new DataTransfer();
    for (const { name, text } of given) {
      const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type: "video/mp4" }));
    }
    return transfer;
  }, given);
}

/** Lets go of what is dragged. Whether the page takes it: the browser would leave the page for what nobody takes. */
export function drop(onto: Locator, dataTransfer: JSHandle<DataTransfer>): Promise<"taken" | "left"> {
  return onto.evaluate((element, dataTransfer) => {
    const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
    return element.dispatchEvent(event) ? "left" : "taken";
  }, dataTransfer);
}

/** The row of an upload. Its name is the file's, without the ending. */
export function row(page: Page, title: string): Locator {
  return page.getByRole("listitem", { name: title, exact: true });
}

/** How far an upload is, in per cent. */
export async function percentOf(row: Locator): Promise<number> {
  return Number(await row.getByRole("progressbar").getAttribute("aria-valuenow"));
}

export async function isPublished(row: Locator): Promise<void> {
  await expect(row.getByText("Published", { exact: true })).toBeVisible({ timeout: 60_000 });
}
