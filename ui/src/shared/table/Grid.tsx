/**
 * The one grid: virtual in both directions, driven by the keyboard, edited in place.
 * It knows documents and columns; where rows come from and what an edit means is for its owner.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Ext, ExtObject } from "@/ipc";
import { type Block, blockOf, type Cell } from "./block";
import { CellTip } from "./CellTip";
import { type GridColumn, type Layout, visible } from "./columns";
import classes from "./grid.module.css";
import { Header } from "./Header";
import { Row } from "./Row";
import { drawnAt, scaledScrolling, scaleOf, tallest } from "./scroll";
import { useGridKeys } from "./useGridKeys";

export type GridRow = { id: string; document: ExtObject; problems: Map<string, string[]> };

export type GridSort = { field: string; descending: boolean };

export type GridProps = {
  label: string;
  columns: GridColumn[];
  layout: Layout;
  onLayout: (layout: Layout) => void;
  rowCount: number;
  /** All rows there are, loaded or not: for screen readers. */
  totalRows: number;
  getRow: (index: number) => GridRow | undefined;
  onRange: (first: number, last: number) => void;
  sort: GridSort | undefined;
  onSort: (sort: GridSort | undefined) => void;
  selected: ReadonlySet<string>;
  onSelect: (rows: number[], how: "toggle" | "only" | "all" | "none") => void;
  openRow: string | undefined;
  /** Rows with edits that are not saved yet. */
  drafts: ReadonlySet<string>;
  onOpen: (row: number) => void;
  onActive?: (cell: Cell, block: Block) => void;
  /** A row, or a cell, to go to; a new object goes there again. */
  target?: { row: number; col?: number } | undefined;
  /** Where Enter goes after an edit, if not to the cell below. */
  afterEdit?: (cell: Cell) => Cell | undefined;
  /** What a row is. */
  rowWord?: string;
  /** A person wants to say a row's number. */
  onGoTo?: () => void;
  readOnly: boolean;
  /** Writes a cell. Answers what is wrong with the text, if anything. */
  onEdit: (row: number, column: GridColumn, text: string) => string | undefined;
  onClear: (block: Block, columns: GridColumn[]) => void;
  onPaste: (text: string, block: Block, columns: GridColumn[]) => void;
  onFillDown: (block: Block, columns: GridColumn[]) => void;
  readCell: (value: Ext | undefined) => string;
};

export const rowHeight = 30;
export const headHeight = 32;
export const checkWidth = 64;

export type Editing = { cell: Cell; text: string | undefined };

export function Grid(props: GridProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [anchor, setAnchor] = useState<Cell>({ row: 0, col: 0 });
  const [focus, setFocus] = useState<Cell>({ row: 0, col: 0 });
  const [editing, setEditing] = useState<Editing>();
  const [focused, setFocused] = useState(false);
  // From the first edit on, the next cells take what is typed; Escape and going elsewhere end that.
  const [entering, setEntering] = useState(false);

  const { pinned, free } = useMemo(() => visible(props.columns, props.layout), [props.columns, props.layout]);
  const all = useMemo(() => [...pinned, ...free], [pinned, free]);
  const pinnedWidth = checkWidth + pinned.reduce((sum, column) => sum + column.width, 0);

  const [drawn] = useState(tallest);
  const height = props.rowCount * rowHeight + headHeight + 8;
  const scaleNow = useRef(1);
  scaleNow.current = scaleOf(height, drawn, scroller.current?.clientHeight ?? 0);
  const [scrolling] = useState(() => scaledScrolling(() => scaleNow.current));
  const rows = useVirtualizer({
    ...scrolling,
    count: props.rowCount,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    scrollPaddingStart: headHeight,
    scrollPaddingEnd: 16,
  });
  const cols = useVirtualizer({
    horizontal: true,
    count: free.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => free[at]?.width ?? 120,
    overscan: 1,
    paddingStart: pinnedWidth,
    scrollPaddingStart: pinnedWidth,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: widths and order live outside the virtualizer
  useEffect(() => cols.measure(), [free, pinnedWidth, cols]);

  const shownRows = rows.getVirtualItems();
  const first = shownRows[0]?.index ?? 0;
  const last = shownRows.at(-1)?.index ?? 0;
  const { onRange, onActive } = props;
  useEffect(() => onRange(first, last), [first, last, onRange]);

  const block = useMemo(() => blockOf(anchor, focus), [anchor, focus]);
  const go = useCallback(
    (cell: Cell, extend: boolean) => {
      scroller.current?.focus({ preventScroll: true });
      setFocus(cell);
      if (!extend) setAnchor(cell);
      rows.scrollToIndex(cell.row);
      if (cell.col >= pinned.length) cols.scrollToIndex(cell.col - pinned.length);
      onActive?.(cell, blockOf(extend ? anchor : cell, cell));
    },
    [rows, cols, pinned.length, onActive, anchor],
  );
  const startEdit = useCallback(
    (cell: Cell, text?: string) => {
      const column = all[cell.col];
      if (props.readOnly || !column || column.editor === "none" || !props.getRow(cell.row)) return;
      setEditing({ cell, text });
      setEntering(true);
    },
    [all, props.readOnly, props.getRow],
  );
  const stopEdit = useCallback((given?: "given up") => {
    setEditing(undefined);
    if (given) setEntering(false);
    scroller.current?.focus({ preventScroll: true });
  }, []);

  const { target } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each target is gone to once
  useEffect(() => {
    if (target) go({ row: target.row, col: target.col ?? focus.col }, false);
  }, [target]);

  const keys = useGridKeys({
    ...props,
    all,
    focus,
    block,
    go,
    startEdit,
    editing: editing !== undefined,
    entering,
    stopEntering: () => setEntering(false),
    page: Math.max(1, last - first - 14),
  });

  const width = cols.getTotalSize() + 40;
  const activeId = focused ? `cell-${focus.row}-${focus.col}` : undefined;

  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    <div
      ref={scroller}
      className={classes.scroller}
      role="grid"
      aria-label={props.label}
      aria-rowcount={props.totalRows + 1}
      aria-colcount={all.length + 1}
      aria-multiselectable
      data-entering={entering || undefined}
      aria-activedescendant={activeId}
      tabIndex={0}
      onMouseDown={() => {
        if (!editing) setEntering(false);
      }}
      onFocus={(event) => setFocused(event.target === event.currentTarget)}
      onBlur={(event) => {
        if (event.target === event.currentTarget) setFocused(false);
        if (!event.currentTarget.contains(event.relatedTarget)) setEntering(false);
      }}
      {...keys}
    >
      <div className={classes.canvas} style={{ width, height: Math.min(height, drawn) }}>
        <Header
          {...props}
          pinned={pinned}
          free={free}
          items={cols.getVirtualItems()}
          width={width}
          pinnedWidth={pinnedWidth}
        />
        {shownRows.map((item) => (
          <Row
            key={item.key}
            index={item.index}
            top={drawnAt(item.start, rows.scrollOffset ?? 0, scaleNow.current) + headHeight}
            row={props.getRow(item.index)}
            pinned={pinned}
            free={free}
            items={cols.getVirtualItems()}
            width={width}
            pinnedWidth={pinnedWidth}
            block={block.from.row <= item.index && item.index <= block.to.row ? block : undefined}
            active={focus.row === item.index ? focus.col : undefined}
            focused={focused}
            editing={editing?.cell.row === item.index ? editing : undefined}
            selected={props.selected}
            drafts={props.drafts}
            open={props.openRow}
            onOpen={props.onOpen}
            onSelect={props.onSelect}
            onGo={go}
            onStartEdit={startEdit}
            onStopEdit={stopEdit}
            onEdit={props.onEdit}
            readCell={props.readCell}
            rowCount={props.rowCount}
            columnCount={all.length}
            afterEdit={props.afterEdit}
            rowWord={props.rowWord}
          />
        ))}
      </div>
      <CellTip scroller={scroller} active={focused && !editing ? activeId : undefined} />
    </div>
  );
}
