/**
 * Rows of a query, page by page along the backend's cursors. Only pages around what is on screen are kept
 * in memory; their cursors stay known, so scrolling back reads them again.
 */
import { useQueries } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ApiError, FindRecords, RecordPage, RecordRow } from "@/ipc";
import { queryClient, queryFor } from "@/shared/data/queries";

export const pageSize = 200;
const ahead = 3;

export type RecordQuery = Omit<FindRecords, "after" | "limit">;

type Cursors = { starts: (string | undefined)[]; ended: boolean };

const beginning: Cursors = { starts: [undefined], ended: false };

/** The cursors after a page was read. A changed `next` makes what lies behind it unknown. */
export function withPage(cursors: Cursors, page: number, next: string | undefined): Cursors {
  const known = cursors.starts[page + 1];
  if (next === undefined) {
    if (cursors.ended && cursors.starts.length === page + 1) return cursors;
    return { starts: cursors.starts.slice(0, page + 1), ended: true };
  }
  if (known === next) return cursors;
  const starts = [...cursors.starts.slice(0, page + 1), next];
  return { starts, ended: false };
}

export type RecordPages = {
  rowCount: number;
  ended: boolean;
  rowAt: (index: number) => RecordRow | undefined;
  loadedRows: () => RecordRow[];
  /** Rows from one place up to before another, read where they are not in memory. The first one has to be known. */
  readRows: (first: number, end: number) => Promise<Map<number, RecordRow>>;
  onRange: (first: number, last: number) => void;
  /** Some rows are there to be shown, if perhaps from before an error. */
  held: boolean;
  loading: boolean;
  error: ApiError | null;
  retry: () => void;
  scanned: boolean;
};

export function useRecordPages(query: RecordQuery, enabled: boolean): RecordPages {
  const name = JSON.stringify(query);
  const [cursors, setCursors] = useState<{ name: string; value: Cursors }>({ name, value: beginning });
  const [range, setRange] = useState<[number, number]>([0, 0]);
  const lastRows = useRef<{ name: string; pages: Map<number, RecordRow[]> }>({ name, pages: new Map() });
  const known = cursors.name === name ? cursors.value : beginning;
  if (lastRows.current.name !== name) lastRows.current = { name, pages: new Map() };

  const first = cursors.name === name ? Math.max(0, range[0] - 1) : 0;
  const wanted = known.starts
    .map((after, page) => ({ after, page }))
    .filter(({ page }) => page >= first && page <= range[1] + ahead);

  const answers = useQueries({
    queries: wanted.map(({ after }) => ({
      ...queryFor("records.find", { ...query, limit: pageSize, ...(after ? { after } : {}) }),
      enabled,
      gcTime: 20_000,
    })),
  });

  const data = answers.map((answer) => answer.data);
  useEffect(() => {
    setCursors((now) => {
      let value = now.name === name ? now.value : beginning;
      for (const [at, page] of data.entries()) {
        const place = wanted[at]?.page;
        if (page && place !== undefined && place < value.starts.length)
          value = withPage(value, place, page.next);
      }
      return value === now.value && now.name === name ? now : { name, value };
    });
  });

  const pages = lastRows.current.pages;
  for (const [at, page] of data.entries()) {
    const place = wanted[at]?.page;
    if (page && place !== undefined) pages.set(place, page.records);
  }
  for (const place of pages.keys()) {
    if (Math.abs(place - range[0]) > 12 || place >= known.starts.length) pages.delete(place);
  }

  const onRange = useCallback((from: number, to: number) => {
    const next: [number, number] = [Math.floor(from / pageSize), Math.floor(to / pageSize)];
    setRange((now) => (now[0] === next[0] && now[1] === next[1] ? now : next));
  }, []);
  const rowAt = useCallback((index: number) => {
    return lastRows.current.pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }, []);
  const loadedRows = useCallback(() => {
    return [...lastRows.current.pages].sort((one, other) => one[0] - other[0]).flatMap(([, rows]) => rows);
  }, []);

  const starts = useRef(known.starts);
  starts.current = known.starts;
  const readRows = useCallback(
    async (first: number, end: number) => {
      const rows = new Map<number, RecordRow>();
      let page = Math.floor(first / pageSize);
      let after = starts.current[page];
      while (page * pageSize < end) {
        const request = { ...query, limit: pageSize, ...(after ? { after } : {}) };
        const answer = await queryClient.fetchQuery(queryFor("records.find", request));
        for (const [at, row] of answer.records.entries()) rows.set(page * pageSize + at, row);
        if (answer.next === undefined) break;
        after = answer.next;
        page += 1;
      }
      return rows;
    },
    [query],
  );

  const broken = answers.find((answer) => answer.error);
  const lastPage = known.starts.length - 1;
  const lastSize = pages.get(lastPage)?.length ?? (known.ended ? 0 : pageSize);
  return useMemo(
    () => ({
      rowCount: lastPage * pageSize + lastSize,
      ended: known.ended,
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
    [lastPage, lastSize, known.ended, rowAt, loadedRows, readRows, onRange, pages.size, broken, data],
  );
}
