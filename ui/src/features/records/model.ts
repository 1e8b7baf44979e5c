/** Records as rows of the grid; blocks of text as patches; what a search means. Pure. */
import type { Ext, ExtObject, Filter, RecordPatch, RecordRow, RecordsFound, WorkspaceKind } from "@/ipc";
import { joined, parts } from "@/shared/filter/model";
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
import { pathOf } from "@/shared/value/path";
import { count, number } from "@/shared/words/words";

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
