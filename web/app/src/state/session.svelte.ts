// Who is signed in, and the way to the server.

import type { Answer, ApiError } from "@landfall/uploader";
import { Client } from "../api/client";
import type { SessionBody } from "../api/contract";
import { parseConfig } from "../logic/config";
import { link } from "./link.svelte";

class Session {
  /** Everything goes through it once `begin` has resolved. */
  client: Client = $state.raw(new Client(""));
  person: SessionBody | undefined = $state.raw();
  /** `asking`: not known yet. `lost`: the server did not answer. */
  stage: "asking" | "out" | "in" | "lost" = $state("asking");
  trouble: ApiError | undefined = $state.raw();

  get isAdmin(): boolean {
    return this.person?.scopes.includes("admin") ?? false;
  }

  /** Reads the runtime configuration and asks who is signed in. */
  async begin(): Promise<void> {
    this.stage = "asking";
    try {
      const answer = await fetch("./config.json", { cache: "no-cache" });
      if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
      const { api } = parseConfig(await answer.text(), location.href);
      const client = new Client(
        api,
        () => this.#leave(),
        (isReached) => link.heard(isReached, () => client.session()),
      );
      this.client = client;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.trouble = { kind: "unintelligible", detail, mayPass: true };
      this.stage = "lost";
      return;
    }
    this.#take(await this.client.session());
  }

  /** Whether the API is at the pages' own address. Only there does a login link lead to these pages. */
  get isAtHome(): boolean {
    return !/^https?:/.test(this.client.server);
  }

  /** Exchanges a one-time code or a token for a session. Resolves to what went wrong, if anything. */
  async signIn(proof: { code: string } | { token: string }): Promise<ApiError | "notKept" | undefined> {
    let answer = await this.client.signIn(proof);
    // A browser throws away the cookie of another site, and tells nobody: so the server is asked whether it came back.
    if (answer.ok && !this.isAtHome) {
      answer = await this.client.session();
      if (answer.error?.status === 401) return "notKept";
    }
    if (answer.ok) this.#take(answer);
    return answer.error;
  }

  async signOut(): Promise<void> {
    await this.client.signOut();
    this.#leave();
  }

  #take({ ok, error }: Answer<SessionBody>): void {
    this.trouble = error;
    this.person = ok;
    if (ok) this.stage = "in";
    else this.stage = error?.status === 401 ? "out" : "lost";
  }

  #leave(): void {
    this.person = undefined;
    this.stage = "out";
  }
}

export const session = new Session();
