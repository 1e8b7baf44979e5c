/** Records as rows of the grid; blocks of text as patches. Pure. */
import type { ExtObject, Filter, RecordPatch, RecordRow } from "@/ipc";
import type { FieldSpec } from "@/shared/schema/model";
import {
  type CellText,
  changesOfTexts,
  type GridColumn,
  type GridRow,
  problemsOf,
  type TypedCells,
} from "@/shared/table";
import { keyText } from "@/shared/value/model";

/** A row of the grid, with what is wrong by column. */
export function gridRow(row: RecordRow): GridRow {
  return {
    id: keyText(row.key),
    document: row.document as ExtObject,
    problems: problemsOf(row.violations),
  };
}

export type Patches = Omit<TypedCells, "changes"> & { patches: RecordPatch[] };

/** Typed or pasted texts as the fewest patches of records. */
export function patchesOf(
  texts: CellText[],
  rowAt: (row: number) => RecordRow | undefined,
  columns: GridColumn[],
  specOf: (id: string) => FieldSpec | undefined,
  keyField: string,
): Patches {
  const { changes, ...rest } = changesOfTexts(texts, {
    rowAt: (at) => {
      const row = rowAt(at);
      return row && { id: keyText(row.key), document: row.document as ExtObject };
    },
    columns,
    specOf,
    refusal: ({ id }) =>
      id === keyField || id === "_id" ? "The key of a record does not change." : undefined,
  });
  const patches: RecordPatch[] = [];
  for (const [at, of] of changes) {
    const key = rowAt(at)?.key;
    if (key !== undefined) patches.push({ key, changes: of });
  }
  return { ...rest, patches };
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
