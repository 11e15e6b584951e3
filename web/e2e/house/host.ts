// A host of static files on a port of its own, so from another origin than Landfall.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const KINDS: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** What a host answers besides what lies in its folder. */
export interface Rules {
  /** Below which path the folder is; anything else is not found. By default `/`. */
  base?: string;
  /** Sent with every file. */
  headers?: () => Record<string, string>;
  /** Files that the folder has otherwise, or not at all, by their path in it. */
  files?: () => Record<string, string>;
}

export class Host {
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async open(folder: string, { base = "/", headers, files }: Rules = {}): Promise<Host> {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://host");
      const path = pathname.startsWith(base) ? pathname.slice(base.length) || "index.html" : undefined;
      try {
        if (path === undefined) throw new Error("outside");
        const bytes = files?.()[path] ?? readFileSync(join(folder, normalize(`/${path}`)));
        const kind = KINDS[extname(path)] ?? "application/octet-stream";
        response.writeHead(200, { ...headers?.(), "content-type": kind });
        response.end(bytes);
      } catch {
        response.writeHead(404).end();
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Host(server, (server.address() as AddressInfo).port);
  }

  /** As browsers name it to others. */
  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }
}
