// Which page is shown.

import { hrefOf, parseRoute, type Route } from "../logic/route";

class Place {
  route: Route = $state.raw(parseRoute(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.route = parseRoute(location.hash);
    });
  }

  go(route: Exclude<Route, { page: "unknown" }>): void {
    location.hash = hrefOf(route);
  }

  /** The same, but Back does not come here again: for addresses that hold a code which is used up. */
  replace(route: Exclude<Route, { page: "unknown" }>): void {
    history.replaceState(null, "", hrefOf(route));
    this.route = route;
  }
}

export const place = new Place();
