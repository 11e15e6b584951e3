// A page of somebody else: built by Vite from a folder, served from a port of its own, so from another origin.

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const KINDS: Record<string, string> = { ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8" };

export class Site {
  private constructor(
    private readonly server: Server,
    private readonly folder: string,
    /** As browsers name it to others. */
    readonly origin: string,
  ) {}

  /** Builds and serves one of the pages under `stock`. */
  static async open(name: "plain" | "uppy5" | "uppy6"): Promise<Site> {
    const folder = mkdtempSync(join(tmpdir(), `landfall-${name}-`));
    await build({
      root: fileURLToPath(new URL(`../../stock/${name}`, import.meta.url)),
      base: "./",
      logLevel: "error",
      configFile: false,
      resolve: { conditions: ["landfall-source", "browser", "module", "production"] },
      build: { outDir: folder, emptyOutDir: true, modulePreload: { polyfill: false } },
    });
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? "/", "http://site").pathname;
      try {
        const bytes = readFileSync(join(folder, path === "/" ? "index.html" : path));
        response.writeHead(200, { "content-type": KINDS[extname(path) || ".html"] ?? "application/octet-stream" });
        response.end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Site(server, folder, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  /** The page's address, with what it is to do. */
  address(wishes: object): string {
    return `${this.origin}/#${encodeURIComponent(JSON.stringify(wishes))}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
