/** What keys, copy and paste do in the grid. */
import type { ClipboardEvent, KeyboardEvent } from "react";
import { valueAt } from "../value/path";
import { type Block, type Cell, formatTsv, step, tabbed } from "./block";
import type { GridColumn } from "./columns";
import type { GridProps } from "./Grid";

type Context = GridProps & {
  all: GridColumn[];
  focus: Cell;
  block: Block;
  editing: boolean;
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
  return moveKey(event, context, ctrl) || (ctrl ? controlKey(event, context) : plainKey(event, context));
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
      context.onSelect([focus.row], "toggle");
      return true;
    case "Tab":
      return tabKey(event, context);
    case "Delete":
    case "Backspace":
      if (context.readOnly) return false;
      context.onClear(block, all);
      return true;
    case "Escape":
      if (context.selected.size === 0) return false;
      context.onSelect([], "none");
      return true;
    default:
      if (event.key.length !== 1 || event.altKey || event.key === "?") return false;
      startEdit(focus, event.key);
      return !context.readOnly;
  }
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
