/** Fields of a schema as columns of the grid, and what breaks rules in them. Pure. */
import type { Violation } from "@/ipc";
import type { FieldSpec } from "../schema/model";
import { outermost, pathOf, pointerToPath } from "../value/path";
import { fieldTitle } from "../words/words";
import type { GridColumn } from "./columns";

const widths: Partial<Record<FieldSpec["kind"], number>> = {
  text: 210,
  longText: 320,
  list: 300,
  object: 240,
  number: 120,
  integer: 104,
  boolean: 110,
  choice: 140,
  dateTime: 180,
};

function columnOf(spec: FieldSpec): GridColumn {
  const isNumber = spec.kind === "number" || spec.kind === "integer";
  return {
    id: spec.path,
    title: spec.title,
    align: isNumber ? "right" : "left",
    width: Math.max(widths[spec.kind] ?? 180, spec.title.length * 7 + 56),
    sortable: spec.kind !== "list" && spec.kind !== "object",
    required: spec.required,
    editor: editorOf(spec),
    choices: spec.choices.map(String),
    about: spec.description || spec.path,
  };
}

function editorOf(spec: FieldSpec): GridColumn["editor"] {
  switch (spec.kind) {
    case "longText":
    case "list":
      return "longText";
    case "choice":
      return "choice";
    case "boolean":
      return "boolean";
    case "object":
    case "json":
      return "none";
    default:
      return "text";
  }
}

/** The fields of the schema, then those that only records have. The key cannot be edited. */
export function columnsOf(specs: FieldSpec[], seen: string[], keyField: string): GridColumn[] {
  const known = new Set(specs.map((spec) => spec.name));
  const extra = seen.filter((name) => !known.has(name) && name !== "_id");
  const columns = [...specs.map(columnOf), ...extra.map(unknownColumn)];
  return columns
    .map((column) => (column.id === keyField ? { ...column, editor: "none" as const, width: 128 } : column))
    .sort((one, other) => rank(one, keyField) - rank(other, keyField));
}

function rank(column: GridColumn, keyField: string): number {
  return column.id === keyField ? 0 : 1;
}

function unknownColumn(name: string): GridColumn {
  return {
    id: pathOf([name]),
    title: fieldTitle(name),
    align: "left",
    width: 160,
    sortable: true,
    required: false,
    editor: "text",
    choices: [],
    about: `${name}: not in the schema`,
  };
}

/** Names of fields in the documents, in the order in which they come. */
export function seenFields(documents: Iterable<object>): string[] {
  const names = new Set<string>();
  for (const document of documents) for (const name of Object.keys(document)) names.add(name);
  return [...names];
}

/** What is wrong, by column. */
export function problemsOf(violations: readonly Violation[]): Map<string, string[]> {
  const problems = new Map<string, string[]>();
  for (const violation of violations) {
    const column = outermost(pointerToPath(violation.pointer));
    const known = problems.get(column) ?? [];
    if (!known.includes(violation.message)) problems.set(column, [...known, violation.message]);
  }
  return problems;
}
