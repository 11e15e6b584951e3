// The time of day for texts such as "3 minutes ago". Moves every half minute.

const STEP_MS = 30_000;

class Now {
  at: number = $state(Date.now());

  constructor() {
    setInterval(() => (this.at = Date.now()), STEP_MS);
  }
}

export const now = new Now();
