import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Where `npm run dev` finds a server to talk to; the built pages ask config.json instead.
const server = process.env.LANDFALL_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  // The pages may lie under any path: every address in them is relative.
  base: "./",
  plugins: [svelte()],
  resolve: { conditions: ["landfall-source", "browser", "module", "development|production"] },
  server: { proxy: { "/v1": server, "/w": server } },
  build: {
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // No file becomes a `data:` address, so that the pages' policy need not allow any.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
