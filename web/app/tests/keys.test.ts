// Which keys are the film's, and where they are somebody else's.

import { expect, test } from "vitest";
import { changeFor } from "../src/logic/keys";

/** An element that is within what the selector's names say. */
const on = (...names: string[]) =>
  ({ closest: (selector: string) => (selector.split(", ").some((one) => names.includes(one)) ? {} : null) }) as never;
const PAGE = on();

const pressed = (key: string, target: EventTarget | null = PAGE, more = {}) =>
  changeFor({
    key,
    target,
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    defaultPrevented: false,
    isComposing: false,
    ...more,
  })?.kind;

test("letters, the space bar and the arrows work wherever nothing else needs them", () => {
  expect([" ", "k", "K", "j", "l", "ArrowLeft", "m", "f"].map((key) => pressed(key))).toEqual([
    "play",
    "play",
    "play",
    "seek",
    "seek",
    "seek",
    "mute",
    "fullscreen",
  ]);
  expect([pressed("x"), pressed("Enter"), pressed("Tab")]).toEqual([undefined, undefined, undefined]);
});

test("a field is written in, a button is pressed, and the page is scrolled", () => {
  for (const name of ["input", "textarea", "select"]) {
    for (const key of [" ", "k", "ArrowLeft"]) expect(pressed(key, on(name)), `${key} in ${name}`).toBeUndefined();
  }
  expect(pressed(" ", on("button"))).toBeUndefined();
  expect(pressed("k", on("button"))).toBe("play");
  expect(pressed("ArrowDown")).toBeUndefined();
  expect(pressed("ArrowDown", on("video"))).toBe("volume");
});

test("shortcuts of the browser stay its own", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }]) {
    expect(pressed("l", PAGE, more)).toBeUndefined();
  }
});
