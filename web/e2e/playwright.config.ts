// How the browser suite runs: one browser, one test after another, no second try.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "results",
  // A flaky test is a bug, not a thing to try again.
  retries: 0,
  workers: 1,
  forbidOnly: true,
  // A machine that compiles beside it is slow; nothing here waits for a time, so a green run never takes so long.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  globalSetup: "./house/films.ts",
  use: {
    browserName: "chromium",
    locale: "en-GB",
    colorScheme: "light",
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      // Debian's; Playwright's own builds are not downloaded.
      executablePath: "/usr/bin/chromium",
      args: [
        // Chromium refuses to run as root with its sandbox, and only our own pages are opened.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        // Without these it looks for its maker's servers at every start.
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
