// Orders of the library.

import type { AssetBody } from "@landfall/uploader";
import { expect, test } from "vitest";
import { ordered, parseOrder } from "../src/logic/order";

const video = (id: string, size?: number) => ({ id, files: { video: { size } } }) as unknown as AssetBody;
const newestFirst = [video("d", 5), video("c"), video("b", 9), video("a", 5)];
const ids = (list: AssetBody[]) => list.map(({ id }) => id).join("");

test("newest, oldest, largest; what has no size yet comes last, and equals keep the newer first", () => {
  expect(ids(ordered(newestFirst, ""))).toBe("dcba");
  expect(ids(ordered(newestFirst, "oldest"))).toBe("abcd");
  expect(ids(ordered(newestFirst, "largest"))).toBe("bdac");
  expect(ids(newestFirst)).toBe("dcba");
});

test("an address with another order shows the newest first", () => {
  expect([undefined, "", "largest", "smallest"].map(parseOrder)).toEqual(["", "", "largest", ""]);
});
