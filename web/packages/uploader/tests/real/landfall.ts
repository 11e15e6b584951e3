// A real Landfall in a folder of its own, on free ports of this machine; stopped by its process id.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long it may take to start on a busy machine. */
const START_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;

export class Landfall {
  private constructor(
    readonly address: string,
    readonly token: string,
    private readonly binary: string,
    private readonly folder: string,
    private readonly listen: string[],
    private process: ChildProcess,
  ) {}

  static async start(binary: string): Promise<Landfall> {
    const folder = mkdtempSync(join(tmpdir(), "landfall-web-"));
    const [api, store] = [await freePort(), await freePort()];
    const listen = ["--listen", `127.0.0.1:${api}`, "--store-listen", `127.0.0.1:${store}`];
    const child = serve(binary, folder, listen);
    await answers(`http://127.0.0.1:${api}`, child);
    const token = execFileSync(binary, ["token", "--data", folder, "--owner", "42"], { encoding: "utf8" }).trim();
    return new Landfall(`http://127.0.0.1:${api}`, token, binary, folder, listen, child);
  }

  /** Kills it as a power cut would, and starts it again. */
  async crash(): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.kill("SIGKILL");
    await gone;
    this.process = serve(this.binary, this.folder, this.listen);
    await answers(this.address, this.process);
  }

  async stop(): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.kill("SIGTERM");
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function serve(binary: string, folder: string, listen: string[]): ChildProcess {
  return spawn(binary, ["serve", "--data", folder, ...listen], { stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(address: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < START_LIMIT_MS; waited += LOOK_EVERY_MS) {
    if (child.exitCode !== null) throw new Error(`landfall ended with ${child.exitCode}`);
    const isReady = await fetch(`${address}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  throw new Error("landfall does not get ready");
}
