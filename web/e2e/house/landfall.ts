// A real Landfall in a folder of its own, on free ports of this machine; stopped by its process id.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { test } from "@playwright/test";
import type { Film } from "./films";

/** An asset, as far as the tests look at it. */
export interface Asset {
  id: string;
  status: string;
  title: string;
  files: Record<string, { size?: number; content_type: string; file_name: string; url?: string }>;
}

export class Landfall {
  #process: ChildProcess | undefined;
  #tokens = new Map<string, string>();
  /** Where the API and the pages are. Known once it has started, and the same after a restart. */
  api = "";
  /** Where the store is. */
  store = "";

  private constructor(
    private readonly folder: string,
    private readonly binary: string,
  ) {}

  static async start(config = ""): Promise<Landfall> {
    const binary = process.env.LANDFALL_BINARY;
    if (!binary) throw new Error("LANDFALL_BINARY names the binary to test against");
    const landfall = new Landfall(mkdtempSync(join(tmpdir(), "landfall-e2e-")), binary);
    writeFileSync(landfall.#config, config);
    await landfall.#serve();
    return landfall;
  }

  /** Kills it as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Starts it again where it was. */
  async restart(): Promise<void> {
    await this.#serve();
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A one-time link that signs a browser in. */
  loginLink(owner: string, ...scopes: string[]): string {
    return this.command("login", "--owner", owner, ...scopes.flatMap((scope) => ["--scope", scope]));
  }

  token(owner: string): string {
    const known = this.#tokens.get(owner) ?? this.command("token", "--owner", owner, "--scope", "admin");
    this.#tokens.set(owner, known);
    return known;
  }

  /** Runs `landfall NAME --data ...` and gives what it prints. */
  command(name: string, ...args: string[]): string {
    const installation = ["--data", this.folder, "--config", this.#config];
    return execFileSync(this.binary, [name, ...installation, ...args], { encoding: "utf8" }).trim();
  }

  /** Uploads a film without a browser, for tests of what comes after. */
  upload(owner: string, film: Film, title: string): void {
    const args = [
      "upload",
      "--again",
      "--server",
      this.api,
      "--token",
      this.token(owner),
      "--title",
      title,
      "--json",
      film.path,
    ];
    execFileSync(this.binary, args, { stdio: ["ignore", "ignore", "inherit"] });
  }

  /** The owner's assets, newest first. */
  async assets(owner: string, collection = "videos"): Promise<Asset[]> {
    const page = (await (await this.call(owner, `/v1/${collection}`)).json()) as { data: Asset[] };
    return page.data;
  }

  /** The SHA-256 of a stored file, read as its owner would. */
  async digest(owner: string, { id }: Asset, role = "video", collection = "videos"): Promise<string> {
    const { url } = (await (await this.call(owner, `/v1/${collection}/${id}/files/${role}/url`)).json()) as {
      url: string;
    };
    const answer = await fetch(url);
    if (!answer.ok || !answer.body) throw new Error(`the store answers ${answer.status}`);
    const hash = createHash("sha256");
    const reader = answer.body.getReader();
    for (let next = await reader.read(); next.value; next = await reader.read()) hash.update(next.value);
    return hash.digest("hex");
  }

  async call(owner: string, path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(`${this.api}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${this.token(owner)}`,
        ...(init.body ? { "content-type": "application/json" } : {}),
      },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  get #config(): string {
    return join(this.folder, "landfall.toml");
  }

  async #serve(): Promise<void> {
    const listen = ["--listen", hostOf(this.api), "--store-listen", hostOf(this.store)];
    const args = ["serve", "--data", this.folder, "--config", this.#config, ...listen, "--json"];
    const child = spawn(this.binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    const said: string[] = [];
    child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
    const greeting = await Promise.race([
      read(child.stdout),
      once(child, "exit").then(() => {
        throw new Error(`landfall did not start: ${said.join("")}`);
      }),
    ]);
    const { addresses } = JSON.parse(greeting) as { addresses: { api: string; store: string } };
    this.api = addresses.api;
    this.store = addresses.store;
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }
}

/** A Landfall for all tests of a file. */
export function useLandfall(config: () => string = () => ""): { readonly it: Landfall } {
  let running: Landfall | undefined;
  test.beforeAll(async () => {
    running = await Landfall.start(config());
  });
  test.afterAll(() => running?.stop());
  return {
    get it() {
      if (!running) throw new Error("it runs only while tests do");
      return running;
    },
  };
}

/** What it says when it is ready: a JSON object over some lines. Whatever comes after it is dropped. */
async function read(output: Readable): Promise<string> {
  const lines: string[] = [];
  return new Promise((resolve) => {
    createInterface({ input: output }).on("line", (line) => {
      lines.push(line);
      if (line === "}") resolve(lines.join("\n"));
    });
  });
}

/** The SHA-256 of a file on this machine. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest("hex");
}

/** Where to listen: where it was, or on a free port. */
function hostOf(address: string): string {
  return address ? new URL(address).host : "127.0.0.1:0";
}
