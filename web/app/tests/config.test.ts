// The runtime configuration: what it may say, and that nothing else is taken for it.

import { expect, test } from "vitest";
import { parseConfig } from "../src/logic/config";

const PAGE = "https://example.com/app/";

test.each([
  ["the page's own origin", "", ""],
  ["nothing but space", "  ", ""],
  ["an origin", "https://uploads.example.com", "https://uploads.example.com"],
  ["a final slash", "https://uploads.example.com/", "https://uploads.example.com"],
  ["a port, and space around it", " http://127.0.0.1:8080 ", "http://127.0.0.1:8080"],
  ["a path", "https://example.com/landfall//", "https://example.com/landfall"],
])("%s", (_, given, api) => {
  expect(parseConfig(JSON.stringify({ api }), PAGE)).toEqual({ api });
  expect(parseConfig(JSON.stringify({ api: given }), PAGE)).toEqual({ api });
});

test("without an address it is the page's own origin", () => {
  expect(parseConfig("{}", PAGE)).toEqual({ api: "" });
});

test.each([
  ["https://example.com/", ""],
  ["https://example.com/index.html#/library", ""],
  ["https://example.com/landfall/?a=/b/", "/landfall"],
  ["https://example.com/a/landfall/index.html", "/a/landfall"],
])("a dot is where the page %s is", (page, api) => {
  expect(parseConfig('{"api": "."}', page)).toEqual({ api });
});

test.each([
  ["nothing", "", "not JSON"],
  ["the page of a host that answers everything", "<!doctype html>", "not JSON"],
  ["null", "null", "an object"],
  ["a text", '"https://uploads.example.com"', "an object"],
  ["a list", "[]", "an object"],
  ["another name", '{"API": "https://uploads.example.com"}', "`API`"],
  ["a number", '{"api": 8080}', "must be a text"],
  ["null for an address", '{"api": null}', "must be a text"],
  ["no scheme", '{"api": "uploads.example.com"}', "begins with"],
  ["half a scheme", '{"api": "//uploads.example.com"}', "begins with"],
  ["a scheme alone", '{"api": "https://"}', "begins with"],
  ["another scheme", '{"api": "javascript:alert(1)"}', "begins with"],
  ["a space within", '{"api": "https://uploads example.com"}', "begins with"],
  ["a password", '{"api": "https://ann:secret@example.com"}', "without a name"],
  ["a query", '{"api": "https://example.com/?v=1"}', "without a name"],
  ["a route", '{"api": "https://example.com/#/library"}', "without a name"],
])("%s is refused", (_, text, why) => {
  expect(() => parseConfig(text, PAGE)).toThrow(why);
});
