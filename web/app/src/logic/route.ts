// Which page an address means. Pages are told by the part after `#`, which no server sees: a static host needs no rewrite
// rule, and a link's secret reaches no log.

export type Route =
  | { page: "library"; status?: string; q?: string; sort?: string }
  | { page: "upload" }
  | { page: "watch"; collection: string; id: string }
  | { page: "shared"; token: string }
  | { page: "profile" }
  | { page: "admin"; view?: AdminView; state?: string; owner?: string; q?: string }
  | { page: "login"; code: string | undefined }
  | { page: "unknown" };

/** The first is shown where the address names none. */
export const ADMIN_VIEWS = ["overview", "uploads", "jobs"] as const;
export type AdminView = (typeof ADMIN_VIEWS)[number];

/** Pages that are shown to people who are not signed in. */
const OPEN_PAGES: Route["page"][] = ["shared", "login"];

export function parseRoute(hash: string): Route {
  const [path = "", question = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [page = "", first, second, ...rest] = path.replace(/\/+$/, "").split("/").map(decoded);
  if (rest.length > 0) return { page: "unknown" };
  if (page === "watch" && first && second) return { page, collection: first, id: second };
  if (second !== undefined) return { page: "unknown" };
  if (page === "shared" && first) return { page, token: first };
  if (page === "login") return { page, code: first };
  if (page === "admin") {
    const view = ADMIN_VIEWS.find((one) => one === first);
    if (first !== undefined && !view) return { page: "unknown" };
    return { page, ...(view && { view }), ...asked(question, ["state", "owner", "q"]) };
  }
  if (first !== undefined) return { page: "unknown" };
  if (page === "") return { page: "library" };
  if (page === "library") return { page, ...asked(question, ["status", "q", "sort"]) };
  if (page === "upload" || page === "profile") return { page };
  return { page: "unknown" };
}

/** The address of a page, relative, so that it works under any path. */
export function hrefOf(route: Exclude<Route, { page: "unknown" }>): string {
  const path: string[] = [route.page];
  if (route.page === "watch") path.push(route.collection, route.id);
  if (route.page === "shared") path.push(route.token);
  if (route.page === "login" && route.code) path.push(route.code);
  if (route.page === "admin" && route.view) path.push(route.view);
  const question = new URLSearchParams(
    Object.entries(questionOf(route)).filter((pair): pair is [string, string] => !!pair[1]),
  );
  return `#/${path.map(encodeURIComponent).join("/")}${question.size > 0 ? `?${question.toString()}` : ""}`;
}

/** What stands behind the `?`: what is shown of what there is. */
function questionOf(route: Route): Record<string, string | undefined> {
  if (route.page === "library") return { status: route.status, q: route.q, sort: route.sort };
  if (route.page === "admin") return { state: route.state, owner: route.owner, q: route.q };
  return {};
}

/** What a page is asked to show, as far as it is known to it. */
function asked<Name extends string>(question: string, names: Name[]): Partial<Record<Name, string>> {
  const given = new URLSearchParams(question);
  return Object.fromEntries(names.flatMap((name) => (given.get(name) ? [[name, given.get(name)]] : []))) as Partial<
    Record<Name, string>
  >;
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
