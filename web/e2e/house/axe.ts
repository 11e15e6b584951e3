// Holds a page against axe's rules, as it is at the moment.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong, one line each. */
export async function findings(page: Page): Promise<string[]> {
  // Colours on their way from one theme to the other are neither.
  await page.evaluate(() => {
    const moving = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    return Promise.allSettled(moving.map(({ finished }) => finished)).then(() => undefined);
  });
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Found = { id: string; nodes: { target: unknown[]; failureSummary?: string }[] };
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Found[] }> } };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")} (${failureSummary})`),
    );
  });
}
