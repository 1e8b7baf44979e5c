/** The head of the grid: sort, resize, reorder, and a menu for the rest. */
import { Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconEyeOff,
  IconPin,
  IconPinnedOff,
  IconX,
} from "@tabler/icons-react";
import type { VirtualItem } from "@tanstack/react-virtual";
import { type PointerEvent, useState } from "react";
import { type GridColumn, moved, resized, toggled } from "./columns";
import { checkWidth, type GridProps } from "./Grid";
import classes from "./grid.module.css";

type HeaderProps = GridProps & {
  pinned: GridColumn[];
  free: GridColumn[];
  items: VirtualItem[];
  width: number;
  pinnedWidth: number;
};

export function Header(props: HeaderProps) {
  const { pinned, free, items, width, pinnedWidth } = props;
  const loadedAll = props.selected.size > 0;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
    <div role="row" aria-rowindex={1} className={classes.head} style={{ width }}>
      <div className={classes.pinned} style={{ width: pinnedWidth }} role="presentation">
        {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element */}
        {/* biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus */}
        <div
          role="columnheader"
          aria-colindex={1}
          className={classes.headCheck}
          style={{ width: checkWidth }}
        >
          <input
            type="checkbox"
            className={classes.check}
            checked={loadedAll}
            aria-label={loadedAll ? "Clear the selection" : "Select all loaded rows"}
            onChange={() => props.onSelect([], loadedAll ? "none" : "all")}
          />
        </div>
        {pinned.map((column, at) => (
          <HeadCell key={column.id} {...props} column={column} col={at} isPinned />
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
            <HeadCell {...props} column={column} col={pinned.length + item.index} isPinned={false} />
          </div>
        );
      })}
    </div>
  );
}

type HeadCellProps = HeaderProps & { column: GridColumn; col: number; isPinned: boolean };

function HeadCell(props: HeadCellProps) {
  const { column, col, sort, onSort, layout, onLayout, columns } = props;
  const [over, setOver] = useState(false);
  const sorted = sort?.field === column.id ? (sort.descending ? "descending" : "ascending") : undefined;
  const nextSort = () => {
    if (!column.sortable) return;
    if (!sorted) onSort({ field: column.id, descending: false });
    else if (sorted === "ascending") onSort({ field: column.id, descending: true });
    else onSort(undefined);
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a virtual grid is not a table element
    // biome-ignore lint/a11y/useFocusableInteractive: its button takes the focus
    <div
      role="columnheader"
      aria-colindex={col + 2}
      aria-sort={sorted ?? "none"}
      className={classes.headCell}
      style={{ width: column.width }}
      data-align={column.align}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("text/x-column")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const id = event.dataTransfer.getData("text/x-column");
        if (id && id !== column.id) onLayout(moved(columns, layout, id, column.id));
      }}
    >
      <button
        type="button"
        className={classes.headName}
        draggable
        title={column.about}
        onDragStart={(event) => event.dataTransfer.setData("text/x-column", column.id)}
        onClick={nextSort}
      >
        <span className="ellipsis">{column.title}</span>
        {column.required && (
          <span className={classes.required} title="Required" aria-hidden>
            *
          </span>
        )}
        {sorted === "ascending" && <IconArrowUp size={12} aria-hidden />}
        {sorted === "descending" && <IconArrowDown size={12} aria-hidden />}
      </button>
      <ColumnMenu {...props} />
      <Resizer width={column.width} onResize={(width) => onLayout(resized(layout, column.id, width))} />
    </div>
  );
}

function ColumnMenu({ column, isPinned, layout, onLayout, onSort, sort }: HeadCellProps) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <button type="button" className={classes.headMenu} aria-label={`Column ${column.title}`}>
          <IconChevronDown size={13} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconArrowUp size={14} />}
          onClick={() => onSort({ field: column.id, descending: false })}
        >
          Sort ascending
        </Menu.Item>
        <Menu.Item
          leftSection={<IconArrowDown size={14} />}
          onClick={() => onSort({ field: column.id, descending: true })}
        >
          Sort descending
        </Menu.Item>
        {sort?.field === column.id && (
          <Menu.Item leftSection={<IconX size={14} />} onClick={() => onSort(undefined)}>
            Do not sort
          </Menu.Item>
        )}
        <Menu.Divider />
        <Menu.Item
          leftSection={isPinned ? <IconPinnedOff size={14} /> : <IconPin size={14} />}
          onClick={() => onLayout({ ...layout, pinned: toggled(layout.pinned, column.id) })}
        >
          {isPinned ? "Unpin" : "Pin to the left"}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconEyeOff size={14} />}
          onClick={() => onLayout({ ...layout, hidden: toggled(layout.hidden, column.id) })}
        >
          Hide
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function Resizer({ width, onResize }: { width: number; onResize: (width: number) => void }) {
  const onPointerDown = (event: PointerEvent<HTMLDivElement>) => {
    event.preventDefault();
    event.stopPropagation();
    const element = event.currentTarget;
    const start = event.clientX;
    element.setPointerCapture(event.pointerId);
    const onMove = (move: globalThis.PointerEvent) => onResize(width + move.clientX - start);
    const stop = () => {
      element.removeEventListener("pointermove", onMove);
      element.removeEventListener("pointerup", stop);
    };
    element.addEventListener("pointermove", onMove);
    element.addEventListener("pointerup", stop);
  };
  return <div className={classes.resizer} onPointerDown={onPointerDown} aria-hidden />;
}
