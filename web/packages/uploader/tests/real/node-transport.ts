// HTTP as Node speaks it: all by `fetch`. Counts what is sent, and can be told to fail.

import type { CallRequest, HttpAnswer, PutRequest, Transport } from "../../src/transport/transport.js";

export class NodeTransport implements Transport {
  readonly urls: string[] = [];
  /** Called when a part has arrived. */
  arrived: () => void = () => {};

  async call({ url, ...request }: CallRequest): Promise<HttpAnswer> {
    const answer = await fetch(url, request);
    return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get("retry-after") };
  }

  async put({ url, headers, body, signal, onSent }: PutRequest): Promise<HttpAnswer> {
    this.urls.push(new URL(url).pathname + new URL(url).searchParams.get("partNumber"));
    const answer = await fetch(url, { method: "PUT", headers, body, signal });
    const text = await answer.text();
    if (answer.ok) {
      onSent(body.size);
      this.arrived();
    }
    return { status: answer.status, text, retryAfter: answer.headers.get("retry-after") };
  }
}
