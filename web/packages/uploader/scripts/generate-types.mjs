// Writes the types of the API from the OpenAPI document, for the uploader and for the web client; with --check, fails if a file
// there is not fresh.
//
// Only the schemas are needed: which paths there are is in each client.ts, in words. It knows the few constructs that the
// document uses and stops at any other, so that nothing is typed wrongly in silence.

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = new URL("../../../../", import.meta.url);
const documentPath = new URL("docs/reference/openapi.json", root);

/** What each speaks about; what these refer to comes along. */
const TARGETS = [
  {
    path: "web/packages/uploader/src/api/schema.ts",
    roots: [
      "AnnounceRequest",
      "AssetBody",
      "AssetPage",
      "CompleteRequest",
      "CreateRequest",
      "FileUrlBody",
      "PartPage",
      "PartUrlsBody",
      "PartUrlsRequest",
      "PatchRequest",
      "Problem",
    ],
  },
  {
    path: "web/app/src/api/schema.ts",
    roots: [
      "AdminAssetHistory",
      "AdminAssetPage",
      "AuditBody",
      "CollectionList",
      "ErasureBody",
      "GrantBody",
      "OverviewBody",
      "ReapBody",
      "ReconcileBody",
      "SessionBody",
      "UsageBody",
      "WatchBody",
    ],
  },
];

const { components } = JSON.parse(readFileSync(documentPath, "utf8"));
let needed = new Set();

function refer(reference) {
  const name = reference.replace("#/components/schemas/", "");
  if (!needed.has(name)) {
    needed.add(name);
    write(name);
  }
  return name;
}

function typeOf(schema) {
  if (schema.$ref) return refer(schema.$ref);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.allOf) return schema.allOf.map(typeOf).join(" & ");
  const either = schema.oneOf ?? schema.anyOf;
  if (either) return unique(either.map(typeOf)).join(" | ");
  if (Array.isArray(schema.type)) return unique(schema.type.map((type) => typeOf({ ...schema, type }))).join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `Array<${typeOf(schema.items)}>`;
    case "object":
      return objectType(schema);
    default:
      throw new Error(`a schema that is not understood: ${JSON.stringify(schema)}`);
  }
}

function objectType(schema) {
  if (schema.properties) return `{ ${properties(schema).join(" ")} }`;
  const values = schema.additionalProperties;
  return `Record<string, ${typeof values === "object" ? typeOf(values) : "unknown"}>`;
}

function properties(schema) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties).map(([name, property]) => {
    // What may be null is simply absent in answers, and may be left out of requests.
    const type = typeOf(property).replace(/ \| null$/, "");
    return `${comment(property.description)}${name}${required.has(name) ? "" : "?"}: ${type};`;
  });
}

function unique(list) {
  return [...new Set(list)];
}

function comment(text) {
  return text ? `/** ${text.replaceAll("*/", "*\\/").replace(/\s*\n\s*/g, " ")} */\n  ` : "";
}

let written = new Map();

function write(name) {
  const schema = components.schemas[name];
  if (!schema) throw new Error(`the document has no schema ${name}`);
  const opening = comment(schema.description).trimEnd();
  const isPlainObject = schema.type === "object" && schema.properties;
  const body = isPlainObject
    ? `export interface ${name} {\n  ${properties(schema).join("\n  ")}\n}`
    : `export type ${name} =\n  | ${typeOf(schema).split(" | ").join("\n  | ")};`;
  written.set(name, `${opening}${opening ? "\n" : ""}${body}\n`);
}

function textOf(roots) {
  needed = new Set();
  written = new Map();
  for (const name of roots) refer(name);
  const header = `// Generated from docs/reference/openapi.json by web/packages/uploader/scripts/generate-types.mjs. Do not edit.\n\n`;
  const names = [...written.keys()].sort();
  return header + names.map((name) => written.get(name)).join("\n");
}

for (const { path, roots } of TARGETS) {
  const target = new URL(path, root);
  const text = textOf(roots);
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(`${fileURLToPath(target)} is not fresh: run \`npm run types -w @landfall/uploader\``);
    process.exit(1);
  }
}
