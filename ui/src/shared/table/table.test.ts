import { describe, expect, it } from "vitest";
import { blockOf, formatTsv, inBlock, parseTsv, spread, step, tabbed } from "./block";
import {
  type GridColumn,
  type Layout,
  moved,
  plainLayout,
  readLayout,
  resized,
  shifted,
  visible,
} from "./columns";

const column = (id: string): GridColumn => ({
  id,
  title: id,
  align: "left",
  width: 100,
  sortable: true,
  required: false,
  editor: "text",
  choices: [],
  about: "",
});
const columns = ["a", "b", "c", "d"].map(column);

describe("arrangement", () => {
  it("pins, hides, moves and resizes", () => {
    const layout = { ...moved(columns, plainLayout, "d", "b"), hidden: ["a"], pinned: ["c"] };
    const shown = visible(columns, resized(layout, "b", 10));
    expect(shown.pinned.map((item) => item.id)).toEqual(["c"]);
    expect(shown.free.map((item) => [item.id, item.width])).toEqual([
      ["d", 100],
      ["b", 56],
    ]);
  });

  it("moves a column past its neighbour, among the pinned and the free ones", () => {
    const ids = (layout: Layout) => visible(columns, layout).free.map((column) => column.id);
    const start = { ...plainLayout, pinned: ["a"] };
    const right = shifted(columns, start, "b", 1);
    expect(ids(right)).toEqual(["c", "b", "d"]);
    expect(ids(shifted(columns, right, "b", -1))).toEqual(["b", "c", "d"]);
    expect(shifted(columns, start, "d", 1)).toBe(start);
    expect(shifted(columns, start, "a", 1)).toBe(start);
  });

  it("lets new columns follow the remembered ones", () => {
    const layout = { ...plainLayout, order: ["c", "gone", "a"] };
    expect(visible(columns, layout).free.map((item) => item.id)).toEqual(["c", "a", "b", "d"]);
  });

  it("survives rubbish in storage", () => {
    expect(readLayout("x")).toEqual(plainLayout);
    expect(readLayout({ order: [1, "a"], widths: { a: "wide", b: 90 } })).toMatchObject({
      order: ["a"],
      widths: { b: 90 },
    });
  });
});

describe("moving", () => {
  it("stays inside", () => {
    expect(step("ArrowUp", false, { row: 0, col: 0 }, 3, 2, 10)).toEqual({ row: 0, col: 0 });
    expect(step("End", true, { row: 0, col: 0 }, 3, 2, 10)).toEqual({ row: 2, col: 1 });
    expect(step("x", false, { row: 0, col: 0 }, 3, 2, 10)).toBeUndefined();
  });

  it("goes on to the next row with Tab", () => {
    expect(tabbed({ row: 0, col: 1 }, false, 3, 2)).toEqual({ row: 1, col: 0 });
    expect(tabbed({ row: 0, col: 0 }, true, 3, 2)).toEqual({ row: 0, col: 0 });
  });
});

describe("blocks of a spreadsheet", () => {
  it("reads what it writes", () => {
    const rows = [
      ["a", 'say "hi"', "two\nlines"],
      ["", "tab\there", "z"],
    ];
    expect(parseTsv(formatTsv(rows))).toEqual(rows);
  });

  it("ignores the line end that spreadsheets add", () => {
    expect(parseTsv("a\tb\r\nc\td\r\n")).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(parseTsv("x")).toEqual([["x"]]);
  });

  it("fills a selection with one value and keeps a block's own size otherwise", () => {
    const selection = blockOf({ row: 2, col: 1 }, { row: 1, col: 1 });
    expect(spread([["v"]], selection).map((item) => item.cell.row)).toEqual([1, 2]);
    expect(spread([["1", "2"]], blockOf({ row: 0, col: 0 }, { row: 0, col: 0 }))).toHaveLength(2);
    expect(inBlock(selection, 2, 1)).toBe(true);
  });
});
