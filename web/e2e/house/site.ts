// A page of somebody else: built by Vite from a folder, served from a port of its own, so from another origin.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { Host } from "./host";

export class Site {
  private constructor(
    private readonly host: Host,
    private readonly folder: string,
  ) {}

  /** Builds and serves one of the pages under `stock`. */
  static async open(name: "plain" | "dashboard" | "uppy5" | "uppy6"): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), `landfall-${name}-`));
    await build({
      root: fileURLToPath(new URL(`../../stock/${name}`, import.meta.url)),
      base: "./",
      logLevel: "error",
      configFile: false,
      resolve: { conditions: ["landfall-source", "browser", "module", "production"] },
      build: { outDir: folder, emptyOutDir: true, modulePreload: { polyfill: false } },
    });
    return new Site(await Host.open(folder), folder);
  }

  /** As browsers name it to others. */
  get origin(): string {
    return this.host.origin;
  }

  /** The page's address, with what it is to do. */
  address(wishes: object): string {
    return `${this.origin}/#${encodeURIComponent(JSON.stringify(wishes))}`;
  }

  async close(): Promise<void> {
    await this.host.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
