// The door to the network, so that tests can be the network. It decides nothing: whether an answer is good, and whether to
// try again, is said elsewhere.

/** A call of the API: small, JSON in and out. */
export interface CallRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | null;
  signal: AbortSignal;
}

/** A part on its way to the store. */
export interface PutRequest {
  url: string;
  headers: Record<string, string>;
  body: Blob;
  signal: AbortSignal;
  /** Told every few seconds at least, while bytes move, how many the connection has taken: silence is a stall. */
  onSent: (bytes: number) => void;
}

/** What came back, whatever its status. There is no place for an ETag: nobody needs one. */
export interface HttpAnswer {
  status: number;
  text: string;
  retryAfter?: string | null | undefined;
}

/** Both reject if nobody answered, and when the signal says stop. */
export interface Transport {
  call(request: CallRequest): Promise<HttpAnswer>;
  put(request: PutRequest): Promise<HttpAnswer>;
}
