// The server's figures, asked for as often as it takes a sample, while somebody looks at them.

import type { ApiError } from "@landfall/uploader";
import type { OverviewBody, SampleBody } from "../api/contract";
import { merged } from "../logic/samples";
import { session } from "./session.svelte";

const EVERY_MS = 5_000;

export class Overview {
  now: OverviewBody | undefined = $state.raw();
  samples: SampleBody[] = $state.raw([]);
  /** Why the figures are not fresh. */
  error: ApiError | undefined = $state.raw();

  /** Looks again and again until the function that it gives is called. A hidden page asks nothing. */
  watch(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const turn = async () => {
      if (!document.hidden) await this.look();
      if (!isOver) timer = setTimeout(() => void turn(), EVERY_MS);
    };
    const onvisible = () => {
      if (!document.hidden) void this.look();
    };
    document.addEventListener("visibilitychange", onvisible);
    void turn();
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onvisible);
    };
  }

  async look(): Promise<void> {
    const { ok, error } = await session.client.overview(this.samples.at(-1)?.at);
    this.error = error;
    if (!ok) return;
    // After a restart the server's first sample is later than all that are known: they are kept, and show the gap.
    this.samples = merged(this.samples, ok.samples);
    this.now = ok;
  }
}
