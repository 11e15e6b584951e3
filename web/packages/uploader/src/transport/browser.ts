// Calls by `fetch`, and parts by XMLHttpRequest, because it is the only way in a browser to learn how much of a body has been
// sent. Redirects are not followed: neither a token nor a part may go where nobody meant it to go.

import type { CallRequest, HttpAnswer, PutRequest, Transport } from "./transport.js";

export class BrowserTransport implements Transport {
  readonly #credentials: RequestCredentials;

  /** `credentials` says whether cookies go along with calls, as `fetch` understands it. Parts never carry any. */
  constructor(credentials: RequestCredentials = "same-origin") {
    this.#credentials = credentials;
  }

  async call({ url, ...request }: CallRequest): Promise<HttpAnswer> {
    const options = { credentials: this.#credentials, redirect: "error", cache: "no-store" } as const;
    const answer = await fetch(url, { ...request, ...options });
    return { status: answer.status, text: await answer.text(), retryAfter: answer.headers.get("retry-after") };
  }

  put({ url, headers, body, signal, onSent }: PutRequest): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const xhr = new XMLHttpRequest();
      const stop = () => xhr.abort();
      signal.throwIfAborted();
      xhr.open("PUT", url);
      for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
      xhr.upload.onprogress = ({ loaded }) => onSent(loaded);
      xhr.onloadend = () => {
        signal.removeEventListener("abort", stop);
        const { status, responseText: text } = xhr;
        if (status) resolve({ status, text, retryAfter: retryAfterOf(xhr) });
        else reject(new TypeError("the connection broke"));
      };
      signal.addEventListener("abort", stop);
      xhr.send(body);
    });
  }
}

/** Asking for one header that CORS hides is logged as an error by browsers; asking for all is not. */
function retryAfterOf(xhr: XMLHttpRequest): string | undefined {
  return /^retry-after:\s*(.*)/im.exec(xhr.getAllResponseHeaders())?.[1];
}
