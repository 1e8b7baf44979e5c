/** Rows that were ticked. They stay ticked while the grid is scrolled and sorted. */
import { useCallback, useMemo, useRef, useState } from "react";
import type { Ext, RecordRow } from "@/ipc";
import { keyText } from "@/shared/value/model";

export type RowSelection = {
  ids: ReadonlySet<string>;
  keys: Ext[];
  /** Everything that fits the filter, loaded or not. */
  everything: boolean;
  select: (rows: number[], how: "toggle" | "only" | "all" | "none") => void;
  selectEverything: () => void;
  clear: () => void;
};

export function useSelection(
  rowAt: (index: number) => RecordRow | undefined,
  loadedRows: () => RecordRow[],
): RowSelection {
  const [keys, setKeys] = useState<ReadonlyMap<string, Ext>>(new Map());
  const [everything, setEverything] = useState(false);
  const lastRow = useRef<number>(undefined);

  const select = useCallback(
    (rows: number[], how: "toggle" | "only" | "all" | "none") => {
      setEverything(false);
      if (how === "none") return setKeys(new Map());
      if (how === "all") return setKeys(new Map(loadedRows().map((row) => [keyText(row.key), row.key])));
      const row = rows[0] ?? 0;
      const from = how === "only" ? (lastRow.current ?? row) : row;
      lastRow.current = row;
      const range = Array.from({ length: Math.abs(row - from) + 1 }, (_, at) => Math.min(row, from) + at);
      setKeys((now) => afterClick(now, range.map(rowAt), how === "only"));
    },
    [rowAt, loadedRows],
  );
  const clear = useCallback(() => {
    setEverything(false);
    setKeys(new Map());
  }, []);

  return useMemo(
    () => ({
      ids: new Set(keys.keys()),
      keys: [...keys.values()],
      everything,
      select,
      selectEverything: () => setEverything(true),
      clear,
    }),
    [keys, everything, select, clear],
  );
}

function afterClick(
  now: ReadonlyMap<string, Ext>,
  rows: (RecordRow | undefined)[],
  extend: boolean,
): ReadonlyMap<string, Ext> {
  const next = new Map(now);
  for (const row of rows) {
    if (!row) continue;
    const id = keyText(row.key);
    if (!extend && next.has(id)) next.delete(id);
    else next.set(id, row.key);
  }
  return next;
}
