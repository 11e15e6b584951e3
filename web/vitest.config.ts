import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["landfall-source"] },
  ssr: { resolve: { conditions: ["landfall-source"] } },
  test: {
    include: ["packages/*/tests/**/*.test.ts", "tests/**/*.test.ts"],
    environment: "node",
    // Two cores are enough for tests that wait for nothing.
    maxWorkers: 2,
  },
});
