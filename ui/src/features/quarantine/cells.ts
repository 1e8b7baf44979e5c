/** Quarantined rows as rows of the grid: what a cell shows, where the wrong ones are, what an edit changes. Pure. */
import type { ExtObject, FieldChange, QuarantineEntry, RowEdit, Violation } from "@/ipc";
import type { FieldSpec } from "@/shared/schema/model";
import {
  type Cell,
  type CellText,
  changesOfTexts,
  columnsOf,
  type GridColumn,
  type GridRow,
  problemsOf,
  seenFields,
  type TypedCells,
} from "@/shared/table";
import { isObject, shownText } from "@/shared/value/model";
import { outermost, pointerToPath, valueAt, withValue } from "@/shared/value/path";
import { ruleText } from "@/shared/words/words";

/** The column that tells what is wrong with the row; no field of a record begins with a space. */
export const problemColumn = " problems";

export type CellEdits = Omit<TypedCells, "changes"> & { edits: RowEdit[] };

/** The wrong value and the rule that it breaks. */
function problemText({ message, rule, value }: Violation): string {
  const held = value === undefined ? "" : `“${shownText(value)}” ${ruleText(rule)}: `;
  return held + message;
}

export function rowOf(entry: QuarantineEntry): GridRow {
  let document: ExtObject = isObject(entry.document) ? entry.document : {};
  for (const { pointer, value } of entry.errors) {
    const path = pointerToPath(pointer);
    // What could not be read is not in the record: the cell shows it as it came.
    if (path !== "" && value !== undefined && valueAt(document, path) === undefined)
      document = withValue(document, path, value);
  }
  const worded = entry.errors.map((error) => ({ ...error, message: problemText(error) }));
  return {
    id: entry.id,
    document: { ...document, [problemColumn]: stateOf(entry) },
    problems: problemsOf(worded.filter(({ pointer }) => pointer !== "")),
  };
}

function stateOf(entry: QuarantineEntry): string {
  if (entry.status === "released") return "Imported";
  if (entry.status === "discarded") return `Discarded: ${entry.reason ?? ""}`;
  return [...new Set(entry.errors.map(({ message }) => message))].join(" ") || "Valid: retry to import it";
}

/** What is wrong comes first: the fields of the rules that are broken, then the others. */
export function gridColumns(specs: FieldSpec[], entries: readonly QuarantineEntry[]): GridColumn[] {
  const wrong = new Set(
    entries.flatMap(({ errors }) => errors.map(({ pointer }) => outermost(pointerToPath(pointer)))),
  );
  const documents = entries.map((entry) => (isObject(entry.document) ? entry.document : {}));
  const columns = columnsOf(specs, seenFields(documents), "").map((column) => ({
    ...column,
    sortable: false,
  }));
  const [bad, good] = [true, false].map((is) => columns.filter(({ id }) => wrong.has(id) === is));
  const problems: GridColumn = {
    id: problemColumn,
    title: "Problem",
    align: "left",
    width: 280,
    sortable: false,
    required: false,
    editor: "none",
    choices: [],
    about: "What keeps the row in quarantine",
  };
  return [problems, ...(bad ?? []), ...(good ?? [])];
}

/** The next wrong cell in the order of reading, after or before this one. */
export function wrongCell(
  from: Cell,
  by: 1 | -1,
  rows: number,
  columns: readonly GridColumn[],
  rowAt: (row: number) => GridRow | undefined,
): Cell | undefined {
  const cells = rows * columns.length;
  for (let at = from.row * columns.length + from.col + by; at >= 0 && at < cells; at += by) {
    const cell = { row: Math.floor(at / columns.length), col: at % columns.length };
    if (rowAt(cell.row)?.problems.has(columns[cell.col]?.id ?? "")) return cell;
  }
  return undefined;
}

/** Why no cell of the row can be written. */
export function fixedBecause(entry: QuarantineEntry | undefined): string | undefined {
  if (!entry) return "This row is not loaded yet.";
  if (entry.status !== "waiting") return "This row is not in quarantine any more.";
  if (!isObject(entry.document)) return "This row could not be read as a record. Open it to correct it.";
  return undefined;
}

/** The record of the row, without what the grid shows beside it. */
export function documentOf(entry: QuarantineEntry): ExtObject {
  return isObject(entry.document) ? entry.document : {};
}

export function editsOf(
  texts: CellText[],
  entryAt: (row: number) => QuarantineEntry | undefined,
  columns: GridColumn[],
  specOf: (id: string) => FieldSpec | undefined,
): CellEdits {
  const { changes, ...rest } = changesOfTexts(texts, {
    rowAt: (at) => {
      const entry = entryAt(at);
      return entry && { id: entry.id, document: documentOf(entry) };
    },
    columns,
    specOf,
    refusal: ({ id }, at) =>
      fixedBecause(entryAt(at)) ?? (id === problemColumn ? "This column is not a field." : undefined),
  });
  const edits: RowEdit[] = [];
  for (const [at, of] of changes) {
    const entry = entryAt(at);
    if (entry) edits.push({ id: entry.id, changes: of });
  }
  return { ...rest, edits };
}

export function withChange(entry: QuarantineEntry, { path, after }: FieldChange): QuarantineEntry {
  return {
    ...entry,
    document: withValue(documentOf(entry), path, after),
    errors: entry.errors.filter(({ pointer }) => pointerToPath(pointer) !== path),
  };
}

/** Rows that were corrected here stay where they are until the person goes elsewhere. */
export type Held = { entry: QuarantineEntry; at: number; since: number };

export function withHeld(
  entries: readonly QuarantineEntry[],
  held: readonly Held[],
  readAt: number,
): QuarantineEntry[] {
  const fresh = new Map(held.filter(({ since }) => since > readAt).map(({ entry }) => [entry.id, entry]));
  const shown = entries.map((entry) => fresh.get(entry.id) ?? entry);
  const ids = new Set(entries.map(({ id }) => id));
  const gone = held
    .filter(({ entry }) => !ids.has(entry.id) && entry.status === "released")
    .sort((one, other) => one.at - other.at);
  for (const { entry, at } of gone) shown.splice(Math.min(at, shown.length), 0, entry);
  return shown;
}
