/**
 * Rows of a query, each by its number. Only pages around what is on screen are asked for and kept; the backend finds
 * the way to any of them, so the first row is no nearer than the millionth.
 */
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ApiError, FindRecords, RecordPage, RecordRow } from "@/ipc";
import { queryClient, queryFor } from "@/shared/data/queries";

export const pageSize = 200;
/** Pages that are kept on each side of what is on screen. */
const around = 6;
/** While rows rush by, nothing is asked for. */
const restMillis = 60;

export type RecordQuery = Omit<FindRecords, "after" | "from" | "limit">;

export type RecordPages = {
  rowCount: number;
  rowAt: (index: number) => RecordRow | undefined;
  loadedRows: () => RecordRow[];
  /** Rows from one place up to before another, read where they are not in memory. */
  readRows: (first: number, end: number) => Promise<Map<number, RecordRow>>;
  onRange: (first: number, last: number) => void;
  /** Some rows are there to be shown, if perhaps from before an error. */
  held: boolean;
  loading: boolean;
  error: ApiError | null;
  retry: () => void;
  scanned: boolean;
};

/** The pages to ask for: those on screen, then one after and one before them. */
export function wantedPages(
  [first, last]: readonly [number, number],
  rowCount: number | undefined,
): number[] {
  const end =
    rowCount === undefined ? Number.POSITIVE_INFINITY : Math.max(0, Math.ceil(rowCount / pageSize) - 1);
  const shown = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  return [...shown, last + 1, first - 1].filter((page) => page >= 0 && page <= end);
}

/** Rows there are: as counted, and at least those that were seen. Before they are counted, what was read tells. */
export function rowsOf(total: number | undefined, pages: ReadonlyMap<number, readonly unknown[]>): number {
  let seen = 0;
  let ended = false;
  for (const [page, rows] of pages) {
    if (rows.length > 0) seen = Math.max(seen, page * pageSize + rows.length);
    ended ||= rows.length < pageSize;
  }
  if (total === undefined) return seen;
  return ended && pages.has(0) && seen < pageSize ? seen : Math.max(total, seen);
}

/** `total`: how many records fit, once they are counted. */
export function useRecordPages(query: RecordQuery, total: number | undefined): RecordPages {
  const name = JSON.stringify(query);
  const [range, setRange] = useState<{ name: string; pages: readonly [number, number] }>({
    name,
    pages: [0, 0],
  });
  const held = useRef<{ name: string; pages: Map<number, RecordRow[]> }>({ name, pages: new Map() });
  if (held.current.name !== name) held.current = { name, pages: new Map() };
  const pages = held.current.pages;
  const onScreen = range.name === name ? range.pages : ([0, 0] as const);
  const wanted = wantedPages(onScreen, total);

  const answers = useQueries({
    queries: wanted.map((page) => ({
      ...queryFor("records.find", { ...query, from: page * pageSize, limit: pageSize }),
      gcTime: 20_000,
    })),
  });
  const data = answers.map((answer) => answer.data);
  let changed = false;
  for (const [at, answer] of data.entries()) {
    const page = wanted[at];
    if (!answer || page === undefined) continue;
    const before = pages.get(page);
    changed ||= before !== undefined && before !== answer.records;
    pages.set(page, answer.records);
  }
  // Behind a page that is not full there is nothing any more.
  const last = wanted.filter((page) => (pages.get(page)?.length ?? pageSize) < pageSize);
  if (last.length > 0) for (const page of pages.keys()) if (page > Math.min(...last)) pages.delete(page);
  // What is not asked for now was read before the change.
  if (changed) for (const page of pages.keys()) if (!wanted.includes(page)) pages.delete(page);
  for (const page of pages.keys()) {
    if (page !== 0 && (page < onScreen[0] - around || page > onScreen[1] + around)) pages.delete(page);
  }

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const onRange = useCallback(
    (from: number, to: number) => {
      const next = [Math.floor(from / pageSize), Math.floor(to / pageSize)] as const;
      const take = () =>
        setRange((now) =>
          now.name === name && now.pages[0] === next[0] && now.pages[1] === next[1]
            ? now
            : { name, pages: next },
        );
      clearTimeout(timer.current);
      const near = held.current.pages.has(next[0]) || held.current.pages.has(next[1]);
      if (near) take();
      else timer.current = setTimeout(take, restMillis);
    },
    [name],
  );
  const rowAt = useCallback((index: number) => {
    return held.current.pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }, []);
  const loadedRows = useCallback(() => {
    return [...held.current.pages].sort((one, other) => one[0] - other[0]).flatMap(([, rows]) => rows);
  }, []);

  const readRows = useCallback(
    async (first: number, end: number) => {
      const rows = new Map<number, RecordRow>();
      for (let from = Math.floor(first / pageSize) * pageSize; from < end; from += pageSize) {
        const answer = await queryClient.fetchQuery(
          queryFor("records.find", { ...query, from, limit: pageSize }),
        );
        for (const [at, row] of answer.records.entries()) rows.set(from + at, row);
        if (answer.records.length < pageSize) break;
      }
      return rows;
    },
    [query],
  );

  const broken = answers.find((answer) => answer.error);
  const rowCount = rowsOf(total, pages);
  return useMemo(
    () => ({
      rowCount,
      rowAt,
      loadedRows,
      readRows,
      onRange,
      held: pages.size > 0,
      loading: pages.size === 0 && !broken,
      error: (broken?.error as ApiError | undefined) ?? null,
      retry: () => void broken?.refetch(),
      scanned: data.some((page: RecordPage | undefined) => page?.scanned),
    }),
    [rowCount, rowAt, loadedRows, readRows, onRange, pages.size, broken, data],
  );
}
