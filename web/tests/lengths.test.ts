// Files stay short, as in Rust: one that outgrows the limit has found its second subject.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const FILE_LINES = 600;

test("no source file is longer than 600 lines, and each opens with what it is", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const list = (folder: string) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const paths = ["packages", "app", "e2e", "stock"].flatMap((folder) => list(folder).map((path) => join(folder, path)));
  const sources = paths.filter(
    (path) =>
      /^((packages\/\w+|app|e2e)\/(src|tests|house)|stock)\/.*\.(ts|svelte)$/.test(path) &&
      !path.includes("node_modules"),
  );
  expect(sources.length).toBeGreaterThan(30);
  for (const path of sources) {
    const text = readFileSync(join(root, path), "utf8");
    expect(text.split("\n").length, path).toBeLessThanOrEqual(FILE_LINES);
    expect(text, `${path} opens with a comment`).toMatch(/^(\/\/|<!--) /);
  }
});
