// Debian's Firefox, by WebDriver BiDi: Playwright drives only builds of its own, which are not downloaded.

import { test } from "@playwright/test";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

/** A Firefox for each test, with one page, whose errors fail the test. */
export async function inFirefox(act: (page: Page) => Promise<void>): Promise<void> {
  const browser: Browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: "/usr/bin/firefox-esr",
    // It starts no telemetry, no update and no look at its maker's servers.
    extraPrefsFirefox: {
      "app.normandy.enabled": false,
      "datareporting.policy.dataSubmissionEnabled": false,
      "intl.accept_languages": "en-GB",
      "network.captive-portal-service.enabled": false,
      "network.connectivity-service.enabled": false,
    },
  });
  try {
    const [page = await browser.newPage()] = await browser.pages();
    page.setDefaultTimeout(test.info().timeout / 2);
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await act(page);
    test.expect(errors, "errors of the page").toEqual([]);
  } finally {
    await browser.close();
  }
}
