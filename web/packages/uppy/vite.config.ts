import { defineConfig } from "vite";

export default defineConfig({
  build: {
    lib: { entry: { index: "src/index.ts", locales: "src/locales/korean.ts" }, formats: ["es"] },
    target: "es2022",
    sourcemap: true,
    rolldownOptions: { external: [/^@uppy\//, /^@landfall\//] },
  },
});
