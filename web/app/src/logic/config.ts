// The one small file that tells the pages where the API is, so that the same build serves every installation.

export interface Config {
  /** The API's address without a final slash; empty where it is the page's own origin. */
  api: string;
}

/** What is not understood is an error: a page that silently talks to the wrong server is worse than none. */
export function parseConfig(text: string): Config {
  const { api = "" } = JSON.parse(text) as { api?: unknown };
  if (typeof api !== "string") throw new TypeError("`api` in config.json must be a text");
  const address = api.trim().replace(/\/+$/, "");
  if (address !== "" && !/^https?:\/\/[^/]+/.test(address)) {
    throw new TypeError("`api` in config.json must be empty, or begin with https:// or http://");
  }
  return { api: address };
}
