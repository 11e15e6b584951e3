// Short words about what has just happened, shown in a corner and read out by screen readers.

export interface Notice {
  id: number;
  text: string;
  tone: "good" | "bad";
}

/** Long enough to read two lines. What went wrong stays longer. */
const SHOWN_MS = { good: 5_000, bad: 10_000 };

class Notices {
  list: Notice[] = $state.raw([]);
  #next = 1;

  tell(text: string, tone: Notice["tone"] = "good"): void {
    const notice = { id: this.#next++, text, tone };
    this.list = [...this.list.slice(-3), notice];
    setTimeout(() => this.dismiss(notice.id), SHOWN_MS[tone]);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
