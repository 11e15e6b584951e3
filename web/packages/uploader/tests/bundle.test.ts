// What a page has to load for uploads stays small.

import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

/** Of everything that the package exports, minified and gzipped. */
const LIMIT_BYTES = 12.5 * 1000;

test("the whole package is under 12.5 kB gzipped", async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  // As a page's own build takes it in; the published file keeps its white space for other bundlers.
  const output = await build({
    root,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      target: "es2022",
      modulePreload: false,
      rolldownOptions: { input: `${root}/src/index.ts`, preserveEntrySignatures: "strict" },
    },
  });
  const chunks = [output].flat().flatMap((one) => ("output" in one ? one.output : []));
  const code = chunks.map((chunk) => (chunk.type === "chunk" ? chunk.code : "")).join("");
  expect(code).toContain("part-urls");
  const sizeBytes = gzipSync(code, { level: 9 }).length;
  console.info(`@landfall/uploader: ${code.length} bytes minified, ${sizeBytes} bytes gzipped`);
  expect(sizeBytes).toBeLessThan(LIMIT_BYTES);
}, 60_000);
