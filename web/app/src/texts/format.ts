// Sizes, times and shares as a person reads them.

import type { Language } from "./index";

const SYSTEMS = {
  decimal: { step: 1000, units: ["B", "kB", "MB", "GB", "TB"] },
  binary: { step: 1024, units: ["B", "KiB", "MiB", "GiB", "TiB"] },
} as const;

export type UnitSystem = keyof typeof SYSTEMS;

/** Bytes with three digits at most: `1.5 GB`. Sizes are decimal everywhere; only a limit may be binary. */
export function bytesText(bytes: number, language: Language, system: UnitSystem = "decimal"): string {
  const { step, units } = SYSTEMS[system];
  let [value, unit] = [Math.max(bytes, 0), 0];
  // 999.6 kB would be written as 1000 kB.
  while (value >= step - 0.5 && unit < units.length - 1) {
    value /= step;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  const text = new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  return `${text} ${units[unit]}`;
}

/** The units that a limit was configured in: those in which it is a round number. */
export function systemOf(limit: number): UnitSystem {
  const rest = (step: number) => {
    let value = limit;
    while (value >= step && value % step === 0) value /= step;
    return value;
  };
  return rest(1024) < rest(1000) ? "binary" : "decimal";
}

/** A limit as it was configured: `20 GiB`, `5 GB`. */
export function limitText(limit: number, language: Language): string {
  return bytesText(limit, language, systemOf(limit));
}

/** The length of a film: `0:07`, `1:02:03`. */
export function lengthText(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

export function numberText(value: number, language: Language, digits = 0): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
}

/** A share as whole percent. Only what is complete is 100 %. */
export function percentText(part: number, whole: number, language: Language): string {
  const share = whole > 0 ? Math.min(part / whole, 1) : 0;
  const shown = share < 1 ? Math.min(Math.floor(share * 100), 99) / 100 : 1;
  return new Intl.NumberFormat(language, { style: "percent" }).format(shown);
}

export function dateText(at: string | number, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

export function dayText(at: string, language: Language): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(new Date(at));
}

const STEPS: [Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago or from now: `3 hours ago`. */
export function relativeText(at: string | number, now: number, language: Language): string {
  const seconds = (new Date(at).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.trunc(seconds / length), unit);
  }
  return format.format(0, "second");
}

const SPAN_WORDS = {
  en: { day: " d", hour: " h", minute: " min", second: " s" },
  ko: { day: "일", hour: "시간", minute: "분", second: "초" },
} as const;

/** A length of time in its two largest units: `2 h 5 min`. */
export function spanText(seconds: number, language: Language): string {
  const words = SPAN_WORDS[language];
  const whole = Math.max(Math.round(seconds), 0);
  const counts = [
    [Math.floor(whole / 86_400), words.day],
    [Math.floor(whole / 3_600) % 24, words.hour],
    [Math.floor(whole / 60) % 60, words.minute],
    [whole % 60, words.second],
  ] as const;
  const first = counts.findIndex(([count]) => count > 0);
  if (first < 0) return `0${words.second}`;
  const shown = counts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, word]) => `${count}${word}`).join(" ");
}

/** The time left, as coarse as a guess should be. */
export function leftText(seconds: number, language: Language): string {
  const step = seconds < 10 ? 1 : seconds < 60 ? 5 : seconds < 600 ? 30 : seconds < 3_600 ? 60 : 600;
  const span = spanText(Math.max(Math.ceil(seconds / step) * step, 1), language);
  return language === "ko" ? `약 ${span} 남음` : `about ${span} left`;
}
