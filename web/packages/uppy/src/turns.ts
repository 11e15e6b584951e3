// Who may upload now: so many at once, the others in the order of their coming.

export class Turns {
  #free: number;
  readonly #line: Array<() => void> = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** Calls when it is one's turn. Gives a function that ends the turn, or leaves the line; later calls of it do nothing. */
  take(begin: () => void): () => void {
    let place: "waiting" | "on" | "off" = "waiting";
    const enter = () => {
      place = "on";
      begin();
    };
    if (this.#free > 0) {
      this.#free -= 1;
      enter();
    } else {
      this.#line.push(enter);
    }
    return () => {
      if (place === "on") this.#next();
      else if (place === "waiting") this.#line.splice(this.#line.indexOf(enter), 1);
      place = "off";
    };
  }

  #next(): void {
    const enter = this.#line.shift();
    if (enter) enter();
    else this.#free += 1;
  }
}
