/** What is imported by way of example, on the page as in the window. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const schemas = join(root, "schemas");

export const sources = join(root, "tests/fixtures/sources");

export const sourceCases = [
  { file: "utf-16.csv", recognised: ["separated values, ;", "UTF-16LE"] },
  { file: "windows-1252.csv", recognised: ["separated values, ;", "windows-1252"] },
  { file: "sessions.csv.gz", recognised: ["gzip", "separated values, ,"] },
  { file: "sessions.csv.bz2", recognised: ["bzip2", "separated values, ,"] },
  { file: "sessions.csv.zst", recognised: ["zstd", "separated values, ,"] },
  { file: "sessions.zip", recognised: ["zip", "separated values, ,"] },
  { file: "sessions.ndjson", recognised: ["NDJSON, one record per line"] },
  { file: "sessions.xlsx", recognised: ["Excel workbook"], part: ["Sheet", "Sessions"] },
  { file: "sessions.ods", recognised: ["OpenDocument sheet"] },
  { file: "sessions.db", recognised: ["SQLite table"], part: ["Table", "sessions"] },
  { file: "sessions.bson", recognised: ["BSON"] },
  { file: "sessions.archive", recognised: ["mongodump archive"] },
];

function firstOf(folder) {
  const [first] = readdirSync(folder).sort();
  return JSON.parse(readFileSync(join(folder, first ?? "none"), "utf8"));
}

export function packCases() {
  const packs = readdirSync(schemas, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return packs.map(({ name: pack }) => {
    const right = firstOf(join(schemas, pack, "examples/valid"));
    const wrong = firstOf(join(schemas, pack, "examples/invalid"));
    return { pack, rows: `${JSON.stringify(right)}\n${JSON.stringify(wrong.record)}\n` };
  });
}
