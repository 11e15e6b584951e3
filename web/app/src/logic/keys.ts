// What a key does to a film, wherever on its page the focus is. The keys are those that people know from other players.

export interface Change {
  kind: "play" | "seek" | "volume" | "mute" | "fullscreen";
  /** Seconds, or shares of full volume. */
  by: number;
}

const NEAR_SECONDS = 5;
const FAR_SECONDS = 10;
const LOUDER = 0.05;

const CHANGES: Record<string, Change> = {
  " ": { kind: "play", by: 0 },
  k: { kind: "play", by: 0 },
  j: { kind: "seek", by: -FAR_SECONDS },
  l: { kind: "seek", by: FAR_SECONDS },
  ArrowLeft: { kind: "seek", by: -NEAR_SECONDS },
  ArrowRight: { kind: "seek", by: NEAR_SECONDS },
  ArrowUp: { kind: "volume", by: LOUDER },
  ArrowDown: { kind: "volume", by: -LOUDER },
  m: { kind: "mute", by: 0 },
  f: { kind: "fullscreen", by: 0 },
};

/** Keys that scroll, press or choose where the focus is on something else than the film or the page. */
const OF_CONTROLS = [" ", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
/** Keys that scroll the page as long as the film itself has not the focus. */
const OF_THE_PAGE = ["ArrowUp", "ArrowDown"];

type Key = Pick<
  KeyboardEvent,
  "key" | "altKey" | "ctrlKey" | "metaKey" | "defaultPrevented" | "target" | "isComposing"
>;

/** Nothing where the key is for something else. */
export function changeFor(event: Key): Change | undefined {
  const { altKey, ctrlKey, metaKey, defaultPrevented, isComposing } = event;
  if (altKey || ctrlKey || metaKey || defaultPrevented || isComposing) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const where = placeOf(event.target);
  if (where === "field" || (where === "control" && OF_CONTROLS.includes(key))) return undefined;
  return where === "page" && OF_THE_PAGE.includes(key) ? undefined : CHANGES[key];
}

function placeOf(target: EventTarget | null): "film" | "field" | "control" | "page" {
  const matches = (selector: string) => (target as Element | null)?.closest?.(selector) != null;
  if (matches("video")) return "film";
  if (matches("input, textarea, select, [contenteditable]")) return "field";
  return matches("a, button, summary, [tabindex='0']") ? "control" : "page";
}
