// Which page an address means. Pages are told by the part after `#`, which no server sees: a static host needs no rewrite
// rule, and a link's secret reaches no log.

export type Route =
  | { page: "library" }
  | { page: "upload" }
  | { page: "watch"; collection: string; id: string }
  | { page: "shared"; token: string }
  | { page: "profile" }
  | { page: "admin" }
  | { page: "login"; code: string | undefined }
  | { page: "unknown" };

/** Pages that are shown to people who are not signed in. */
const OPEN_PAGES: Route["page"][] = ["shared", "login"];

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "").split("?")[0] as string;
  const [page = "", first, second, ...rest] = path.replace(/\/+$/, "").split("/").map(decoded);
  if (rest.length > 0) return { page: "unknown" };
  if (page === "watch" && first && second) return { page, collection: first, id: second };
  if (second !== undefined) return { page: "unknown" };
  if (page === "shared" && first) return { page, token: first };
  if (page === "login") return { page, code: first };
  if (first !== undefined) return { page: "unknown" };
  if (page === "") return { page: "library" };
  if (page === "library" || page === "upload" || page === "profile" || page === "admin") return { page };
  return { page: "unknown" };
}

/** The address of a page, relative, so that it works under any path. */
export function hrefOf(route: Exclude<Route, { page: "unknown" }>): string {
  const path: string[] = [route.page];
  if (route.page === "watch") path.push(route.collection, route.id);
  if (route.page === "shared") path.push(route.token);
  if (route.page === "login" && route.code) path.push(route.code);
  return `#/${path.map(encodeURIComponent).join("/")}`;
}

export function isOpen({ page }: Route): boolean {
  return OPEN_PAGES.includes(page);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
