import { describe, expect, it } from "vitest";
import type { RecordRow } from "@/ipc";
import type { FieldSpec } from "@/shared/schema/model";
import { columnsOf, seenFields } from "@/shared/table";
import { gridRow, patchesOf, searchedWords, searchTerms, wholeFilter } from "./model";

const spec = (name: string, kind: FieldSpec["kind"], types: string[]): FieldSpec => ({
  path: name,
  name,
  title: name,
  description: "",
  kind,
  types,
  required: false,
  nullable: true,
  choices: [],
  example: "",
  children: [],
});
const specs = [
  spec("title", "text", ["string"]),
  spec("id", "text", ["string"]),
  spec("pay", "number", ["number"]),
];
const rows: RecordRow[] = [
  { key: "a", document: { id: "a", title: "A", pay: 5, odd: 1 }, violations: [] },
  {
    key: "b",
    document: { id: "b", pay: null },
    violations: [{ pointer: "/title", rule: "required", message: "Missing." }],
  },
];
const columns = columnsOf(specs, seenFields(rows.map((row) => row.document as object)), "id");

describe("columns", () => {
  it("begin with the key, which is not edited, and end with what the schema does not know", () => {
    expect(columns.map((column) => column.id)).toEqual(["id", "title", "pay", "odd"]);
    expect(columns[0]?.editor).toBe("none");
    expect(columns[2]?.align).toBe("right");
  });
});

it("gathers what is wrong by column, nested fields included", () => {
  const row = gridRow({
    key: "x",
    document: {},
    violations: [
      { pointer: "/range/min", rule: "type", message: "Not a number." },
      { pointer: "/range", rule: "required", message: "Missing max." },
    ],
  });
  expect(row.problems.get("range")).toEqual(["Not a number.", "Missing max."]);
});

it("turns a pasted block into the fewest changes and says what it cannot read", () => {
  const texts = [
    { cell: { row: 0, col: 0 }, text: "never the key" },
    { cell: { row: 0, col: 1 }, text: "A" },
    { cell: { row: 0, col: 2 }, text: "1,000" },
    { cell: { row: 1, col: 1 }, text: "B" },
    { cell: { row: 1, col: 2 }, text: "much" },
    { cell: { row: 9, col: 1 }, text: "beyond" },
  ];
  const result = patchesOf(
    texts,
    (at) => rows[at],
    columns,
    (id) => specs.find((item) => item.path === id),
    "id",
  );
  expect(result.patches).toEqual([
    { key: "a", changes: [{ path: "pay", before: 5, after: 1000 }] },
    { key: "b", changes: [{ path: "title", after: "B" }] },
  ]);
  expect(result).toMatchObject({ changed: 2, beyond: 1 });
  expect(result.refused.map(({ key, column, why }) => [key, column, why])).toContainEqual([
    "b",
    "pay",
    '"much" is not a number.',
  ]);
});

it("does not touch what is empty when it is cleared", () => {
  const texts = [{ cell: { row: 1, col: 2 }, text: "" }];
  expect(
    patchesOf(
      texts,
      (at) => rows[at],
      columns,
      () => undefined,
      "id",
    ).patches,
  ).toEqual([]);
});

it("puts search words beside the conditions", () => {
  const blank = { op: "blank", field: "x" } as const;
  expect(wholeFilter(" ", undefined)).toBeUndefined();
  expect(wholeFilter("nurse", blank)).toEqual({ op: "and", all: [{ op: "text", text: "nurse" }, blank] });
});

it("a search says what it looked through, and that none fits only when all were read", () => {
  expect(searchTerms("  engin & 11-1011 ")).toEqual(["engin", "11-1011"]);
  expect(searchedWords("x", undefined, "file")).toContain("beginnings of words");
  expect(searchedWords("x", undefined, "mongo")).toContain("whole words");
  expect(searchedWords("x", { keys: [], found: 0, read: 2 }, "file")).toBe(
    "All 2 records were read: none contains “x”.",
  );
  expect(searchedWords("x", { keys: Array(1000).fill("a"), found: 1100, read: 1200 }, "file")).toBe(
    "All 1,200 records were read: 1,100 contain “x”. The first 1,000 are shown.",
  );
});
