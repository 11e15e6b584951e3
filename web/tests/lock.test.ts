// The lock file names no registry: which one is used is the machine's business.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("what is locked is resolved by the machine's own registry", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
  };
  const packages = Object.values(lock.packages);
  expect(packages.filter(({ integrity }) => integrity).length).toBeGreaterThan(40);
  for (const { resolved } of packages) expect(resolved ?? "packages/").toMatch(/^(packages\/|app$|e2e$|stock\/)/);
});
