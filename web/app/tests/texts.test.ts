// The compiler sees to it that no text is missing; these see to it that none is empty or left in English.

import { expect, test } from "vitest";
import { TEXTS } from "../src/texts";

/** What is the same in both languages, because it is a name. */
const NAMES = ["shell.name", "login.command", "admin.cpu"];

type Leaf = [path: string, en: unknown, ko: unknown];

function leaves(path: string, en: unknown, ko: unknown): Leaf[] {
  if (en === null || typeof en !== "object") return [[path, en, ko]];
  const keys = new Set([...Object.keys(en), ...Object.keys(ko as object)]);
  const of = (value: unknown, key: string) => (value as Record<string, unknown> | undefined)?.[key];
  return [...keys].flatMap((key) => leaves(path ? `${path}.${key}` : key, of(en, key), of(ko, key)));
}

/** What a text says when it is given things to say it of. */
function said(text: unknown): string {
  return typeof text === "function" ? String(text("1", "2", "3")) : String(text);
}

/** Where English is the server's own, and only Korean has a table. */
const SAID_BY_THE_SERVER = /^admin\.(whys|actions)\./;

const ALL = leaves("", TEXTS.en, TEXTS.ko).filter(([path]) => !SAID_BY_THE_SERVER.test(path));

test("every text is there in both languages, and Korean is Korean", () => {
  expect(ALL.length).toBeGreaterThan(300);
  for (const [path, en, ko] of ALL) {
    expect(typeof ko, path).toBe(typeof en);
    expect(said(en).trim(), path).not.toBe("");
    expect(said(en), path).not.toMatch(/\p{Script=Hangul}|undefined/u);
    expect(said(ko), path).not.toContain("undefined");
    if (!NAMES.includes(path) && /[a-z]{4}/.test(said(en))) expect(said(ko), path).toMatch(/\p{Script=Hangul}/u);
  }
});

test("a text says all that it is given", () => {
  for (const [path, en, ko] of ALL.filter(([, en]) => typeof en === "function")) {
    const count = (en as (...args: unknown[]) => string).length;
    for (const text of [en, ko]) {
      for (const argument of ["1", "2", "3"].slice(0, count)) expect(said(text), path).toContain(argument);
    }
  }
});
