// The one small file that tells the pages where the API is, so that the same build serves every installation.

export interface Config {
  /** The API's address without a final slash; at the page's own origin its path alone, which is empty at the root. */
  api: string;
}

/** What is not understood is an error: a page that silently talks to the wrong server is worse than none. */
export function parseConfig(text: string, page: string): Config {
  const { api = "", ...others } = object(text);
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`config.json knows no \`${unknown}\`, only \`api\``);
  if (typeof api !== "string") throw new TypeError("`api` in config.json must be a text");
  return { api: parseAddress(api.trim(), page) };
}

function object(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TypeError("config.json is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError('config.json must hold an object like {"api": ""}');
  }
  return value as Record<string, unknown>;
}

/** Calls are made by adding their path to it, so it can have nothing behind its own. `.` is where the page itself is. */
function parseAddress(address: string, page: string): string {
  if (address === "") return "";
  if (address === ".") return new URL(".", page).pathname.replace(/\/+$/, "");
  if (!/^https?:\/\//.test(address) || !URL.canParse(address)) {
    throw new TypeError("`api` in config.json must be empty, `.`, or an address that begins with https:// or http://");
  }
  const url = new URL(address);
  if (url.username || url.password || /[?#]/.test(address)) {
    throw new TypeError("`api` in config.json must be an address without a name, a password, `?` or `#`");
  }
  return address.replace(/\/+$/, "");
}
