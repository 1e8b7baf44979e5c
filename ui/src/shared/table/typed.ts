/** Texts that were typed or pasted into cells, as the fewest changes of fields. Pure. */
import type { Ext, ExtObject, FieldChange } from "@/ipc";
import type { FieldSpec } from "../schema/model";
import { kindOf, sameValue } from "../value/model";
import { parseInput } from "../value/parse";
import { valueAt } from "../value/path";
import type { Cell } from "./block";
import type { GridColumn } from "./columns";

export type CellText = { cell: Cell; text: string };

/** A cell that keeps its value, and why. */
export type RefusedCell = { key: string; column: string; text: string; why: string };

export type TypedCells = {
  /** By the number of the row. */
  changes: Map<number, FieldChange[]>;
  /** Cells that change. */
  changed: number;
  /** Cells that hold the value already. */
  unchanged: number;
  refused: RefusedCell[];
  /** Cells of the block that lie below the last row or right of the last column. */
  beyond: number;
};

type Typing = {
  rowAt: (row: number) => { id: string; document: ExtObject } | undefined;
  columns: GridColumn[];
  specOf: (id: string) => FieldSpec | undefined;
  /** Why a cell cannot be written, whatever the text. */
  refusal: (column: GridColumn, row: number) => string | undefined;
};

/** Typed or pasted texts as the fewest changes. What cannot be written is named with the reason. */
export function changesOfTexts(texts: CellText[], { rowAt, columns, specOf, refusal }: Typing): TypedCells {
  const result: TypedCells = { changes: new Map(), changed: 0, unchanged: 0, refused: [], beyond: 0 };
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
    const why = parsed.ok ? refusal(column, cell.row) : (refusal(column, cell.row) ?? parsed.message);
    if (why !== undefined || !change) {
      result.refused.push({ key: row.id, column: column.title, text, why: why ?? "" });
      continue;
    }
    result.changed += 1;
    const changes = result.changes.get(cell.row);
    if (changes) changes.push(change);
    else result.changes.set(cell.row, [change]);
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
