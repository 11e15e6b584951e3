import { defineConfig } from "vitest/config";

// Tests against the real binary, where one is named: `LANDFALL_BINARY=target/debug/landfall npm test`.
const real = process.env.LANDFALL_BINARY ? ["packages/*/tests/**/*.real.ts"] : [];

export default defineConfig({
  resolve: { conditions: ["landfall-source"] },
  ssr: { resolve: { conditions: ["landfall-source"] } },
  test: {
    include: ["packages/*/tests/**/*.test.ts", "app/tests/**/*.test.ts", "tests/**/*.test.ts"].concat(real),
    environment: "node",
    // Two cores are enough for tests that wait for nothing.
    maxWorkers: 2,
  },
});
