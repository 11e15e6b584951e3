// What axe finds wrong with what a page shows.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** One line each, in the whole page or in what a selector names. */
export async function findings(page: Page, within = "html"): Promise<string[]> {
  // Colours on their way from one theme to the other are neither.
  await page.evaluate(() => {
    const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    return Promise.allSettled(moving.map(({ finished }) => finished)).then(() => undefined);
  });
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  return page.evaluate(async (within) => {
    type Found = { id: string; nodes: { target: unknown[]; failureSummary?: string }[] };
    const { axe } = window as unknown as {
      axe: { run(within: string, options: object): Promise<{ violations: Found[] }> };
    };
    const { violations } = await axe.run(within, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} (${failureSummary})`),
    );
  }, within);
}
