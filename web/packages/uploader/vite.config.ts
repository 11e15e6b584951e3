import { defineConfig } from "vite";

export default defineConfig({
  build: {
    lib: {
      entry: { index: "src/index.ts", replace: "src/driver/replace.ts", texts: "src/texts/explain.ts" },
      formats: ["es"],
    },
    target: "es2022",
    sourcemap: true,
  },
});
