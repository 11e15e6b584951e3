// A page of somebody else: built by Vite from a folder, served from a port of its own, so from another origin.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type PluginOption } from "vite";
import { Host } from "./host";

type Stock = "plain" | "dashboard" | "uppy5" | "uppy6";

const folderOf = (name: Stock) => fileURLToPath(new URL(`../../stock/${name}`, import.meta.url));

/** The blocks of one language in a page of docs/guides. */
export function blocks(page: string, language: string): string[] {
  const text = readFileSync(new URL(`../../../docs/guides/${page}`, import.meta.url), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``, "g"))].map(([, block]) => block ?? "");
}

export class Site {
  private constructor(
    private readonly host: Host,
    private readonly folder: string,
  ) {}

  /** Builds and serves one of the pages under `stock`. */
  static open(name: Stock): Promise<Site> {
    return Site.#built(folderOf(name), []);
  }

  /** The same of files that are nowhere yet, with what is installed for one of those pages. */
  static async of(files: Record<string, string>, like: Stock, plugins: PluginOption[] = []): Promise<Site> {
    const root = mkdtempSync(join(folderOf(like), ".guide-"));
    try {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
      return await Site.#built(root, plugins);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }

  static async #built(root: string, plugins: PluginOption[]): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), "landfall-site-"));
    await build({
      root,
      plugins,
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
