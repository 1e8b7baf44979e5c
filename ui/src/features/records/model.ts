/** Records as rows and columns of the grid; blocks of text as patches. Pure. */
import type {
  Ext,
  ExtObject,
  FieldChange,
  Filter,
  RecordPatch,
  RecordRow,
  RecordsFound,
  WorkspaceKind,
} from "@/ipc";
import { joined, parts } from "@/shared/filter/model";
import type { FieldSpec } from "@/shared/schema/model";
import type { Cell, GridColumn, GridRow } from "@/shared/table";
import { keyText, kindOf, sameValue } from "@/shared/value/model";
import { parseInput } from "@/shared/value/parse";
import { outermost, pathOf, pointerToPath, valueAt } from "@/shared/value/path";
import { count, fieldTitle, number } from "@/shared/words/words";

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

/** A cell that keeps its value, and why. */
export type RefusedCell = { key: string; column: string; text: string; why: string };

export type Patches = {
  patches: RecordPatch[];
  /** Cells that change. */
  changed: number;
  /** Cells that hold the value already. */
  unchanged: number;
  refused: RefusedCell[];
  /** Cells of the block that lie below the last record or right of the last column. */
  beyond: number;
};

/** Typed or pasted texts as the fewest changes. What cannot be written is named with the reason. */
export function patchesOf(
  texts: CellText[],
  rowAt: (row: number) => RecordRow | undefined,
  columns: GridColumn[],
  specOf: (id: string) => FieldSpec | undefined,
  keyField: string,
): Patches {
  const byRow = new Map<number, FieldChange[]>();
  const result: Patches = { patches: [], changed: 0, unchanged: 0, refused: [], beyond: 0 };
  for (const { cell, text } of texts) {
    const row = rowAt(cell.row);
    const column = columns[cell.col];
    if (!row || !column) {
      result.beyond += 1;
      continue;
    }
    const before = valueAt(row.document, column.id);
    const parsed = parseInput(text, before, expectedOf(specOf(column.id)));
    const change = parsed.ok ? changeOf(column.id, before, parsed.value) : undefined;
    if (parsed.ok && !change) {
      result.unchanged += 1;
      continue;
    }
    if (column.id === keyField || column.id === "_id" || !parsed.ok || !change) {
      const why = parsed.ok ? "The key of a record does not change." : parsed.message;
      result.refused.push({ key: keyText(row.key), column: column.title, text, why });
      continue;
    }
    result.changed += 1;
    const changes = byRow.get(cell.row);
    if (changes) changes.push(change);
    else byRow.set(cell.row, [change]);
  }
  for (const [row, changes] of byRow) {
    const key = rowAt(row)?.key;
    if (key !== undefined) result.patches.push({ key, changes });
  }
  return result;
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

/** The terms of a search, as the backend takes it apart: without letters and digits, a piece restricts nothing. */
export function searchTerms(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter((term) => /[\p{L}\p{N}]/u.test(term));
}

/** The conditions, and that a record is among those that a search of all text found. */
export function foundFilter(found: RecordsFound, keyField: string, filter: Filter | undefined): Filter {
  const among: Filter = { op: "in", field: pathOf([keyField]), values: found.keys as Ext[] };
  return joined([among, ...parts(filter)]) ?? among;
}

/** What a search looked through. */
export function searchedWords(text: string, found: RecordsFound | undefined, kind?: WorkspaceKind): string {
  if (!found) {
    const ways =
      kind === "file"
        ? "beginnings of words, parts of keys, and indexed numbers"
        : "whole words, beginnings of keys and other indexed fields, and indexed numbers";
    return `Searched by index: ${ways}.`;
  }
  const all = found.read === 1 ? "The record was read" : `All ${count(found.read, "record")} were read`;
  if (found.found === 0) return `${all}: none contains “${text}”.`;
  const hits = `${number(found.found)} ${found.found === 1 ? "contains" : "contain"} “${text}”`;
  const rest = found.found > found.keys.length ? ` The first ${number(found.keys.length)} are shown.` : "";
  return `${all}: ${hits}.${rest}`;
}

/** Name of an export, with the day. */
export function exportName(collection: string, format: string, day: Date): string {
  return `${collection}-${day.toISOString().slice(0, 10)}.${format}`;
}
