/** Records as rows and columns of the grid; blocks of text as patches. Pure. */
import type { Ext, ExtObject, FieldChange, Filter, RecordPatch, RecordRow } from "@/ipc";
import type { FieldSpec } from "@/shared/schema/model";
import type { Cell, GridColumn, GridRow } from "@/shared/table";
import { keyText, kindOf, sameValue } from "@/shared/value/model";
import { parseInput } from "@/shared/value/parse";
import { outermost, pathOf, pointerToPath, valueAt } from "@/shared/value/path";
import { fieldTitle } from "@/shared/words/words";

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

/** Names of fields in the rows, in the order in which they come. */
export function seenFields(rows: Iterable<RecordRow>): string[] {
  const names = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row.document as ExtObject)) names.add(name);
  return [...names];
}

/** A row of the grid, with what is wrong by column. */
export function gridRow(row: RecordRow): GridRow {
  const problems = new Map<string, string[]>();
  for (const violation of row.violations) {
    const column = outermost(pointerToPath(violation.pointer));
    const known = problems.get(column) ?? [];
    if (!known.includes(violation.message)) problems.set(column, [...known, violation.message]);
  }
  return { id: keyText(row.key), document: row.document as ExtObject, problems };
}

export type CellText = { cell: Cell; text: string };
export type Patches = { patches: RecordPatch[]; cells: number; wrong: string[] };

/** Typed or pasted texts as the fewest changes. What cannot be read is told, not written. */
export function patchesOf(
  texts: CellText[],
  rowAt: (row: number) => RecordRow | undefined,
  columns: GridColumn[],
  specOf: (id: string) => FieldSpec | undefined,
): Patches {
  const byRow = new Map<number, FieldChange[]>();
  const wrong: string[] = [];
  let cells = 0;
  for (const { cell, text } of texts) {
    const row = rowAt(cell.row);
    const column = columns[cell.col];
    if (!row || !column || column.editor === "none") continue;
    const before = valueAt(row.document, column.id);
    const parsed = parseInput(text, before, expectedOf(specOf(column.id)));
    if (!parsed.ok) {
      wrong.push(`${column.title}: ${parsed.message}`);
      continue;
    }
    const change = changeOf(column.id, before, parsed.value);
    if (!change) continue;
    cells += 1;
    byRow.set(cell.row, [...(byRow.get(cell.row) ?? []), change]);
  }
  const patches = [...byRow].flatMap(([row, changes]) => {
    const key = rowAt(row)?.key;
    return key === undefined ? [] : [{ key, changes }];
  });
  return { patches, cells, wrong };
}

export function expectedOf(spec: FieldSpec | undefined) {
  return spec ? { types: spec.types } : undefined;
}

export function changeOf(
  path: string,
  before: Ext | undefined,
  after: Ext | undefined,
): FieldChange | undefined {
  if (sameValue(before, after)) return undefined;
  if ((kindOf(before) === "null" || kindOf(before) === "missing") && after === undefined) return undefined;
  const change: FieldChange = { path };
  if (before !== undefined) change.before = before;
  if (after !== undefined) change.after = after;
  return change;
}

/** Search words and conditions as one filter. */
export function wholeFilter(words: string | undefined, filter: Filter | undefined): Filter | undefined {
  const text = words?.trim();
  if (!text) return filter;
  const search: Filter = { op: "text", text };
  if (!filter) return search;
  return filter.op === "and"
    ? { op: "and", all: [search, ...filter.all] }
    : { op: "and", all: [search, filter] };
}

/** Name of an export, with the day. */
export function exportName(collection: string, format: string, day: Date): string {
  return `${collection}-${day.toISOString().slice(0, 10)}.${format}`;
}
