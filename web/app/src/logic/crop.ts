// Which square of an image is kept. Lengths are in the image's own pixels.

export interface Crop {
  /** The centre of the square. */
  x: number;
  y: number;
  /** 1 shows as much as there is; 4 shows a quarter of its edge. */
  zoom: number;
}

export interface Picture {
  width: number;
  height: number;
}

export const MAX_ZOOM = 4;
/** Profile images are shown small; more is waste. */
const MAX_EDGE = 512;
/** Less looks blurred. */
const SHARP_EDGE = 128;

/** The largest square in the middle. */
export function centred({ width, height }: Picture): Crop {
  return { x: width / 2, y: height / 2, zoom: 1 };
}

/** The edge of the square. */
export function edgeOf({ width, height }: Picture, zoom: number): number {
  return Math.min(width, height) / zoom;
}

/** The nearest crop that lies within the image. */
export function within(picture: Picture, { x, y, zoom }: Crop): Crop {
  const bounded = Math.min(Math.max(zoom, 1), MAX_ZOOM);
  const half = edgeOf(picture, bounded) / 2;
  return {
    x: Math.min(Math.max(x, half), picture.width - half),
    y: Math.min(Math.max(y, half), picture.height - half),
    zoom: bounded,
  };
}

/** A crop moved by shares of its own edge, or zoomed by a factor. */
export function changed(picture: Picture, crop: Crop, by: { right?: number; down?: number; zoom?: number }): Crop {
  const edge = edgeOf(picture, crop.zoom);
  const { right = 0, down = 0, zoom = 1 } = by;
  return within(picture, { x: crop.x + right * edge, y: crop.y + down * edge, zoom: crop.zoom * zoom });
}

/** What a key does to the crop: arrows move it, plus and minus zoom. */
export function byKey(key: string, step: number): Parameters<typeof changed>[2] | undefined {
  switch (key) {
    case "ArrowLeft":
      return { right: -step };
    case "ArrowRight":
      return { right: step };
    case "ArrowUp":
      return { down: -step };
    case "ArrowDown":
      return { down: step };
    case "+":
    case "=":
      return { zoom: 1.1 };
    case "-":
      return { zoom: 1 / 1.1 };
    default:
      return undefined;
  }
}

/** How large the kept square is written: never larger than it is. */
export function writtenEdge(picture: Picture, { zoom }: Crop): number {
  return Math.max(1, Math.round(Math.min(edgeOf(picture, zoom), MAX_EDGE)));
}

export function isSmall(picture: Picture, crop: Crop): boolean {
  return writtenEdge(picture, crop) < SHARP_EDGE;
}
