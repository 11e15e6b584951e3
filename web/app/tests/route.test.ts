// Addresses and pages fit each other.

import { expect, test } from "vitest";
import { parseConfig } from "../src/logic/config";
import { hrefOf, parseRoute, type Route } from "../src/logic/route";

const ROUTES: [string, Exclude<Route, { page: "unknown" }>][] = [
  ["#/library", { page: "library" }],
  ["#/library?status=CREATED&q=sea+%26+sky", { page: "library", status: "CREATED", q: "sea & sky" }],
  ["#/library?sort=largest", { page: "library", sort: "largest" }],
  ["#/upload", { page: "upload" }],
  ["#/watch/videos/ast_1", { page: "watch", collection: "videos", id: "ast_1" }],
  ["#/watch/%EC%98%81%EC%83%81/a%2Fb", { page: "watch", collection: "영상", id: "a/b" }],
  ["#/shared/wg.t0-k_en", { page: "shared", token: "wg.t0-k_en" }],
  ["#/profile", { page: "profile" }],
  ["#/admin", { page: "admin" }],
  ["#/admin/jobs", { page: "admin", view: "jobs" }],
  [
    "#/admin/uploads?state=GONE&owner=42&q=sea",
    { page: "admin", view: "uploads", state: "GONE", owner: "42", q: "sea" },
  ],
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

test.each([
  "#/nothing",
  "#/library/x",
  "#/watch",
  "#/watch/videos",
  "#/shared",
  "#/watch/a/b/c",
  "#/login/a/b",
  "#/admin/x",
  "#/%",
])("%j is no page", (hash) => {
  expect(parseRoute(hash)).toEqual({ page: "unknown" });
});

const PAGE = "https://example.com/";

test("the runtime configuration names the API's address, or nothing", () => {
  expect(parseConfig("{}", PAGE)).toEqual({ api: "" });
  expect(parseConfig('{"api": ""}', PAGE)).toEqual({ api: "" });
  expect(parseConfig('{"api": " https://uploads.example.com/ "}', PAGE)).toEqual({
    api: "https://uploads.example.com",
  });
  for (const text of ["", "[", '{"api": 1}', '{"api": "uploads.example.com"}', '{"api": "javascript:1"}']) {
    expect(() => parseConfig(text, PAGE), text).toThrow();
  }
});
