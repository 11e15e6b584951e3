// The pages as people use them: by names and labels, in English.

import { expect, type Locator, type Page } from "@playwright/test";
import type { Film } from "./films";

/** Chooses files on the upload page. */
export async function choose(page: Page, ...films: Film[]): Promise<void> {
  await page.getByLabel("Choose videos").setInputFiles(films.map(({ path }) => path));
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
