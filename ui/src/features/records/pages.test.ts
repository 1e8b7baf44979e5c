import { describe, expect, it } from "vitest";
import { pageSize, rowsOf, wantedPages } from "./useRecordPages";

describe("wantedPages", () => {
  it("asks for what is on screen first, then for what is next to it", () => {
    expect(wantedPages([4, 5], 1_000_000)).toEqual([4, 5, 6, 3]);
  });

  it("stays within the rows that there are", () => {
    expect(wantedPages([0, 0], 361)).toEqual([0, 1]);
    expect(wantedPages([1, 1], 361)).toEqual([1, 0]);
    expect(wantedPages([0, 0], 0)).toEqual([0]);
    expect(wantedPages([0, 0], undefined)).toEqual([0, 1]);
  });
});

describe("rowsOf", () => {
  const rows = (count: number) => Array.from({ length: count });

  it("is what was counted", () => {
    expect(rowsOf(989_886, new Map([[0, rows(pageSize)]]))).toBe(989_886);
    expect(rowsOf(989_886, new Map())).toBe(989_886);
  });

  it("is what was read before anything was counted, or where the count is old", () => {
    expect(rowsOf(undefined, new Map([[0, rows(pageSize)]]))).toBe(pageSize);
    expect(rowsOf(989_886, new Map([[0, rows(7)]]))).toBe(7);
    expect(
      rowsOf(
        300,
        new Map([
          [0, rows(pageSize)],
          [1, rows(161)],
        ]),
      ),
    ).toBe(361);
    expect(rowsOf(5, new Map([[0, rows(0)]]))).toBe(0);
  });
});
