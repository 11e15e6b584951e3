// What is drawn for a video without a thumbnail: a stretch of sea at an hour of the day, always the same for the same video.

export interface Scene {
  /** Degrees of hue of the sky. */
  hue: number;
  /** Where the sun stands, in a picture of 160 by 90. */
  sunX: number;
  sunY: number;
  sunRadius: number;
  /** The lines of two waves, closed at the lower edge. */
  waves: [string, string];
}

export function sceneOf(id: string): Scene {
  const random = seeded(id);
  const wave = (level: number) => {
    const swell = 4 + random() * 5;
    const shift = random() * 40;
    const bows = [0, 1, 2, 3].map((at) => {
      const x = at * 53.4 - shift;
      return `C${text(x + 18)} ${text(level - swell)} ${text(x + 36)} ${text(level + swell)} ${text(x + 53.4)} ${text(level)}`;
    });
    return `M${text(-shift)} ${text(level)}${bows.join("")}V90H${text(-shift)}Z`;
  };
  return {
    hue: Math.floor(170 + random() * 190) % 360,
    sunX: Math.round(30 + random() * 100),
    sunY: Math.round(26 + random() * 26),
    sunRadius: Math.round(9 + random() * 7),
    waves: [wave(56 + random() * 6), wave(70 + random() * 6)],
  };
}

function text(value: number): string {
  return value.toFixed(1);
}

/** Numbers from 0 to 1 that follow from a text (FNV-1a, then xorshift). */
function seeded(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
