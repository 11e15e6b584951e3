// The person's language and theme: what they chose, or else what their browser asks for.

import { type Language, TEXTS, type Texts } from "../texts";

export type Theme = "system" | "light" | "dark";

const THEMES: Theme[] = ["system", "light", "dark"];
const LANGUAGES: Language[] = ["en", "ko"];

class Settings {
  language: Language = $state(remembered("language", LANGUAGES) ?? preferred());
  theme: Theme = $state(remembered("theme", THEMES) ?? "system");

  /** The texts in the person's language. */
  get t(): Texts {
    return TEXTS[this.language];
  }

  speak(language: Language): void {
    this.language = language;
    remember("language", language);
    this.apply();
  }

  dress(theme: Theme): void {
    this.theme = theme;
    remember("theme", theme);
    this.apply();
  }

  /** Tells the document. */
  apply(): void {
    const { documentElement: root } = document;
    root.lang = this.language;
    if (this.theme === "system") delete root.dataset.theme;
    else root.dataset.theme = this.theme;
  }
}

function preferred(): Language {
  const first = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ko" || tag === "en");
  return first === "ko" ? "ko" : "en";
}

function remembered<T extends string>(name: string, allowed: T[]): T | undefined {
  try {
    const value = localStorage.getItem(`landfall.${name}`);
    return allowed.find((one) => one === value);
  } catch {
    // A browser that refuses storage asks again next time.
    return undefined;
  }
}

function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`landfall.${name}`, value);
  } catch {
    // See above.
  }
}

export const settings = new Settings();
