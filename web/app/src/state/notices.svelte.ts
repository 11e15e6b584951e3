// Short words about what has just happened elsewhere: shown in the bar above the page, and read out by screen readers. What the
// page itself shows is not said again. The newest one is shown; it ends by itself, and when another page is shown.

export interface Notice {
  id: number;
  text: string;
  tone: "good" | "bad";
}

/** Long enough to read two lines. What went wrong stays longer. */
const SHOWN_MS = { good: 5_000, bad: 10_000 };

class Notices {
  current: Notice | undefined = $state.raw();
  #next = 1;

  tell(text: string, tone: Notice["tone"] = "good"): void {
    const notice = { id: this.#next++, text, tone };
    this.current = notice;
    setTimeout(() => this.#end(notice), SHOWN_MS[tone]);
  }

  dismiss(): void {
    this.current = undefined;
  }

  #end({ id }: Notice): void {
    if (this.current?.id === id) this.dismiss();
  }
}

export const notices = new Notices();
