// Addresses and pages fit each other.

import { expect, test } from "vitest";
import { parseConfig } from "../src/logic/config";
import { hrefOf, parseRoute, type Route } from "../src/logic/route";

const ROUTES: [string, Exclude<Route, { page: "unknown" }>][] = [
  ["#/library", { page: "library" }],
  ["#/upload", { page: "upload" }],
  ["#/watch/videos/ast_1", { page: "watch", collection: "videos", id: "ast_1" }],
  ["#/watch/%EC%98%81%EC%83%81/a%2Fb", { page: "watch", collection: "영상", id: "a/b" }],
  ["#/shared/wg.t0-k_en", { page: "shared", token: "wg.t0-k_en" }],
  ["#/profile", { page: "profile" }],
  ["#/admin", { page: "admin" }],
  ["#/login", { page: "login", code: undefined }],
  ["#/login/abc", { page: "login", code: "abc" }],
];

test.each(ROUTES)("%s", (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
  expect(hrefOf(route)).toBe(hash);
});

test.each(["", "#", "#/", "/", "#library", "#/library/", "#/library?x=1"])("%j is the library", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "library" });
});

test.each(["#/nothing", "#/library/x", "#/watch", "#/watch/videos", "#/shared", "#/watch/a/b/c", "#/login/a/b", "#/%"])(
  "%j is no page",
  (hash) => {
    expect(parseRoute(hash)).toEqual({ page: "unknown" });
  },
);

test("the runtime configuration names the API's address, or nothing", () => {
  expect(parseConfig("{}")).toEqual({ api: "" });
  expect(parseConfig('{"api": ""}')).toEqual({ api: "" });
  expect(parseConfig('{"api": " https://uploads.example.com/ "}')).toEqual({ api: "https://uploads.example.com" });
  for (const text of ["", "[", '{"api": 1}', '{"api": "uploads.example.com"}', '{"api": "javascript:1"}']) {
    expect(() => parseConfig(text), text).toThrow();
  }
});
