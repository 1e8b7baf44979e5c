/** One row of the grid. Drawn again only when something of it changed. */

import { IconArrowsDiagonal, IconPencil } from "@tabler/icons-react";
import type { VirtualItem } from "@tanstack/react-virtual";
import { memo } from "react";
import type { Ext } from "@/ipc";
import { valueAt } from "../value/path";
import { ValueText } from "../value/ValueText";
import { type Block, type Cell, inBlock, tabbed } from "./block";
import { CellEditor } from "./CellEditor";
import type { GridColumn } from "./columns";
import type { Editing, GridProps, GridRow } from "./Grid";
import classes from "./grid.module.css";

type RowProps = Pick<
  GridProps,
  "onOpen" | "onSelect" | "onEdit" | "readCell" | "selected" | "drafts" | "rowCount" | "afterEdit" | "rowWord"
> & {
  index: number;
  top: number;
  row: GridRow | undefined;
  pinned: GridColumn[];
  free: GridColumn[];
  items: VirtualItem[];
  width: number;
  pinnedWidth: number;
  block: Block | undefined;
  active: number | undefined;
  focused: boolean;
  editing: Editing | undefined;
  open: string | undefined;
  columnCount: number;
  onGo: (cell: Cell, extend: boolean) => void;
  onStartEdit: (cell: Cell, text?: string) => void;
  onStopEdit: (given?: "given up") => void;
};

export const Row = memo(function Row(props: RowProps) {
  const { index, row, pinned, free, items, top, width, pinnedWidth } = props;
  const isSelected = row !== undefined && props.selected.has(row.id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus and names its active cell
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={classes.row}
      data-selected={isSelected || undefined}
      data-editing={props.editing !== undefined || undefined}
      data-open={(row !== undefined && row.id === props.open) || undefined}
      style={{ transform: `translateY(${top}px)`, width }}
    >
      <div className={classes.pinned} style={{ width: pinnedWidth }} role="presentation">
        <RowHead {...props} isSelected={isSelected} />
        {pinned.map((column, at) => (
          <GridCell key={column.id} {...props} column={column} col={at} />
        ))}
      </div>
      {items.map((item) => {
        const column = free[item.index];
        if (!column) return null;
        return (
          <div
            key={column.id}
            className={classes.slot}
            style={{ left: item.start, width: column.width }}
            role="presentation"
          >
            <GridCell {...props} column={column} col={pinned.length + item.index} />
          </div>
        );
      })}
    </div>
  );
});

function RowHead(props: RowProps & { isSelected: boolean }) {
  const { index, row, isSelected, drafts, onOpen, onSelect, rowWord = "record" } = props;
  const hasDraft = row !== undefined && drafts.has(row.id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
    <div role="gridcell" aria-colindex={1} className={classes.rowHead}>
      <input
        type="checkbox"
        className={classes.check}
        tabIndex={-1}
        checked={isSelected}
        disabled={!row}
        aria-label={`Select row ${index + 1}`}
        onChange={() => undefined}
        onClick={(event) => onSelect([index], event.shiftKey ? "only" : "toggle")}
      />
      {hasDraft && (
        <span className={classes.draft} title="Has changes that are not saved">
          <IconPencil size={12} aria-hidden />
          <span className="visually-hidden">not saved</span>
        </span>
      )}
      <span className={classes.rowNumber}>{index + 1}</span>
      <button
        type="button"
        tabIndex={-1}
        className={classes.open}
        aria-label={`Open ${rowWord} ${row?.id ?? index + 1}`}
        title="Open (Ctrl Enter)"
        disabled={!row}
        onClick={() => onOpen(index)}
      >
        <IconArrowsDiagonal size={13} />
      </button>
    </div>
  );
}

function GridCell(props: RowProps & { column: GridColumn; col: number }) {
  const { row, column, col, index, block, active, editing } = props;
  const value: Ext | undefined = row ? valueAt(row.document, column.id) : undefined;
  const problems = row?.problems.get(column.id);
  const isActive = active === col;
  const isEditing = editing?.cell.col === col && row !== undefined;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus and names its active cell
    <div
      role="gridcell"
      id={`cell-${index}-${col}`}
      aria-colindex={col + 2}
      aria-invalid={problems ? true : undefined}
      aria-description={problems?.join(" ")}
      className={classes.cell}
      style={{ width: column.width }}
      data-align={column.align}
      data-active={isActive || undefined}
      data-focused={(isActive && props.focused) || undefined}
      data-block={(block && inBlock(block, index, col)) || undefined}
      data-problem={problems?.join("\n")}
      data-col={column.id}
      onMouseDown={(event) => {
        if (event.button !== 0 || isEditing) return;
        // WebKit would not give the focus to the grid: `onGo` does, and nothing may take it away again.
        event.preventDefault();
        props.onGo({ row: index, col }, event.shiftKey);
      }}
      onMouseEnter={(event) => {
        if (event.buttons === 1 && !isEditing && block === undefined) props.onGo({ row: index, col }, true);
      }}
      onDoubleClick={() => props.onStartEdit({ row: index, col })}
    >
      {row === undefined ? (
        <span className={classes.ghost} />
      ) : isEditing ? (
        <CellEditor
          column={column}
          initial={editing?.text ?? props.readCell(value)}
          fresh={editing?.text !== undefined}
          onCancel={() => props.onStopEdit("given up")}
          onCommit={(text, move) => {
            const wrong = props.onEdit(index, column, text);
            if (wrong) return wrong;
            props.onStopEdit();
            if (move) props.onGo(nextCell(move, index, col, props), false);
            return undefined;
          }}
        />
      ) : (
        <span className={classes.value}>
          <ValueText value={value} required={column.required} />
        </span>
      )}
      {problems && <span className={classes.mark} aria-hidden />}
    </div>
  );
}

export type Move = "down" | "next" | "back";

function nextCell(move: Move, row: number, col: number, props: RowProps): Cell {
  if (move === "down")
    return props.afterEdit?.({ row, col }) ?? { row: Math.min(props.rowCount - 1, row + 1), col };
  return tabbed({ row, col }, move === "back", props.rowCount, props.columnCount);
}
