/** What keys, copy and paste do in the grid. */
import type { ClipboardEvent, KeyboardEvent } from "react";
import { valueAt } from "../value/path";
import { type Block, type Cell, formatTsv, step, tabbed } from "./block";
import { type GridColumn, resized, shifted, visible } from "./columns";
import type { GridProps } from "./Grid";

const widthStep = 16;

type Context = GridProps & {
  all: GridColumn[];
  focus: Cell;
  block: Block;
  editing: boolean;
  /** Somebody is entering values: typing replaces the active one. Otherwise letters are shortcuts. */
  entering: boolean;
  stopEntering: () => void;
  page: number;
  go: (cell: Cell, extend: boolean) => void;
  startEdit: (cell: Cell, text?: string) => void;
};

export function useGridKeys(context: Context) {
  const { all, block, editing } = context;
  return {
    onKeyDown: (event: KeyboardEvent) => {
      if (editing) event.stopPropagation();
      if (editing || event.target !== event.currentTarget) return;
      if (handleKey(event, context)) event.preventDefault();
    },
    onCopy: (event: ClipboardEvent) => {
      if (editing || event.target !== event.currentTarget) return;
      event.clipboardData.setData("text/plain", formatTsv(textOf(context)));
      event.preventDefault();
    },
    onPaste: (event: ClipboardEvent) => {
      if (editing || context.readOnly || event.target !== event.currentTarget) return;
      context.onPaste(event.clipboardData.getData("text/plain"), block, all);
      event.preventDefault();
    },
  };
}

function textOf({ block, all, getRow, readCell }: Context): string[][] {
  const rows: string[][] = [];
  for (let row = block.from.row; row <= block.to.row; row += 1) {
    const document = getRow(row)?.document;
    const columns = all.slice(block.from.col, block.to.col + 1);
    rows.push(columns.map((column) => readCell(valueAt(document, column.id))));
  }
  return rows;
}

/** Answers whether the key was used. */
function handleKey(event: KeyboardEvent, context: Context): boolean {
  const ctrl = event.ctrlKey || event.metaKey;
  return (
    columnKey(event, context) ||
    moveKey(event, context, ctrl) ||
    (ctrl ? controlKey(event, context) : plainKey(event, context))
  );
}

/** Alt and arrows move the active column, with Shift they make it wider or narrower. */
function columnKey(event: KeyboardEvent, context: Context): boolean {
  const column = context.all[context.focus.col];
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!event.altKey || !column || by === undefined) return false;
  const { layout, onLayout, columns } = context;
  if (event.shiftKey) {
    onLayout(resized(layout, column.id, column.width + by * widthStep));
    return true;
  }
  const next = shifted(columns, layout, column.id, by);
  const { pinned, free } = visible(columns, next);
  const col = [...pinned, ...free].findIndex(({ id }) => id === column.id);
  onLayout(next);
  context.go({ row: context.focus.row, col }, false);
  return true;
}

function moveKey(event: KeyboardEvent, context: Context, ctrl: boolean): boolean {
  const { focus, rowCount, all, go, page } = context;
  if (event.altKey || rowCount === 0) return false;
  const target = step(event.key, ctrl, focus, rowCount, all.length, page);
  if (!target) return false;
  go(target, event.shiftKey);
  return true;
}

function controlKey(event: KeyboardEvent, context: Context): boolean {
  const { block, all, focus } = context;
  switch (event.key.toLowerCase()) {
    case "d":
      if (context.readOnly) return false;
      context.onFillDown(block, all);
      return true;
    case "a":
      context.onSelect([], "all");
      return true;
    case "g":
      context.onGoTo?.();
      return context.onGoTo !== undefined;
    case "enter":
      context.onOpen(focus.row);
      return true;
    case " ":
      context.onSelect([focus.row], "toggle");
      return true;
    default:
      return false;
  }
}

function plainKey(event: KeyboardEvent, context: Context): boolean {
  const { focus, block, all, startEdit } = context;
  switch (event.key) {
    case "Enter":
    case "F2":
      startEdit(focus);
      return true;
    case " ":
      tickBlock(context);
      return true;
    case "Tab":
      return tabKey(event, context);
    case "Delete":
    case "Backspace":
      if (context.readOnly) return false;
      context.onClear(block, all);
      return true;
    case "Escape":
      if (context.entering) {
        context.stopEntering();
        return true;
      }
      if (context.selected.size === 0) return false;
      context.onSelect([], "none");
      return true;
    default:
      if (!context.entering || event.key.length !== 1 || event.altKey) return false;
      startEdit(focus, event.key);
      return true;
  }
}

/** Ticks all rows of the block, or takes their ticks away where all have one. */
function tickBlock({ block, focus, getRow, selected, onSelect }: Context): void {
  const rows = Array.from({ length: block.to.row - block.from.row + 1 }, (_, at) => block.from.row + at);
  const isTicked = (row: number) => selected.has(getRow(row)?.id ?? "");
  const open = rows.filter((row) => !isTicked(row));
  if (rows.length === 1) onSelect([focus.row], "toggle");
  else for (const row of open.length > 0 ? open : rows) onSelect([row], "toggle");
}

/** Tab walks the cells and leaves the grid at its ends. */
function tabKey(event: KeyboardEvent, context: Context): boolean {
  const { focus, rowCount, all } = context;
  const next = tabbed(focus, event.shiftKey, rowCount, all.length);
  if (next.row === focus.row && next.col === focus.col) return false;
  if (next.row !== focus.row) return false;
  context.go(next, false);
  return true;
}
