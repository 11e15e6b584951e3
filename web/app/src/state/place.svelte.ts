// Which page is shown.

import { hrefOf, parseRoute, type Route } from "../logic/route";

class Place {
  route: Route = $state.raw(parseRoute(location.hash));
  /** Whether the page was reached from another one: a page that the browser has just opened keeps its focus. */
  hasMoved = false;
  #href = location.hash;

  constructor() {
    addEventListener("hashchange", () => this.#arrive());
  }

  go(route: Exclude<Route, { page: "unknown" }>): void {
    location.hash = hrefOf(route);
    this.#arrive();
  }

  /** The same, but Back does not come here again: for addresses that hold a code which is used up. */
  replace(route: Exclude<Route, { page: "unknown" }>): void {
    history.replaceState(null, "", hrefOf(route));
    this.#href = location.hash;
    this.route = route;
  }

  #arrive(): void {
    const href = location.hash;
    if (href === this.#href) return;
    this.#href = href;
    this.hasMoved = true;
    this.route = parseRoute(href);
  }
}

export const place = new Place();
