/** Columns of the grid and how the person arranged them. Pure. */

export type GridColumn = {
  id: string;
  title: string;
  align: "left" | "right";
  width: number;
  sortable: boolean;
  required: boolean;
  editor: "text" | "longText" | "choice" | "boolean" | "none";
  choices: string[];
  about: string;
};

/** What is remembered per collection. Everything that is not named stands as it comes. */
export type Layout = { order: string[]; hidden: string[]; pinned: string[]; widths: Record<string, number> };

export const plainLayout: Layout = { order: [], hidden: [], pinned: [], widths: {} };

export const narrowest = 56;
export const widest = 900;

/** Columns in the order of the layout; the ones it does not know follow in their own order. */
export function ordered(columns: GridColumn[], layout: Layout): GridColumn[] {
  const place = new Map(layout.order.map((id, at) => [id, at]));
  return columns
    .map((column, at) => ({ column, place: place.get(column.id) ?? layout.order.length + at }))
    .sort((one, other) => one.place - other.place)
    .map(({ column }) => ({ ...column, width: layout.widths[column.id] ?? column.width }));
}

export function visible(columns: GridColumn[], layout: Layout): { pinned: GridColumn[]; free: GridColumn[] } {
  const shown = ordered(columns, layout).filter((column) => !layout.hidden.includes(column.id));
  return {
    pinned: shown.filter((column) => layout.pinned.includes(column.id)),
    free: shown.filter((column) => !layout.pinned.includes(column.id)),
  };
}

/** Puts a column before another one, or at the end. */
export function moved(columns: GridColumn[], layout: Layout, id: string, before: string | undefined): Layout {
  const rest = ordered(columns, layout)
    .map((column) => column.id)
    .filter((other) => other !== id);
  const at = before === undefined ? rest.length : rest.indexOf(before);
  const order = at < 0 ? [...rest, id] : [...rest.slice(0, at), id, ...rest.slice(at)];
  return { ...layout, order };
}

/** Moves a column one place among the visible ones beside which it is drawn: pinned or free. */
export function shifted(columns: GridColumn[], layout: Layout, id: string, by: number): Layout {
  const { pinned, free } = visible(columns, layout);
  const list = pinned.some((column) => column.id === id) ? pinned : free;
  const at = list.findIndex((column) => column.id === id);
  const other = list[at + by];
  if (at < 0 || !other) return layout;
  if (by < 0) return moved(columns, layout, id, other.id);
  const all = ordered(columns, layout).map((column) => column.id);
  return moved(columns, layout, id, all[all.indexOf(other.id) + 1]);
}

export function resized(layout: Layout, id: string, width: number): Layout {
  const fitting = Math.round(Math.min(widest, Math.max(narrowest, width)));
  return { ...layout, widths: { ...layout.widths, [id]: fitting } };
}

export function toggled(list: string[], id: string): string[] {
  return list.includes(id) ? list.filter((other) => other !== id) : [...list, id];
}

/** A layout out of storage; whatever is not one becomes the plain one. */
export function readLayout(stored: unknown): Layout {
  if (typeof stored !== "object" || stored === null) return plainLayout;
  const from = stored as Partial<Record<keyof Layout, unknown>>;
  const texts = (value: unknown) =>
    Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
  const widths = typeof from.widths === "object" && from.widths !== null ? Object.entries(from.widths) : [];
  return {
    order: texts(from.order),
    hidden: texts(from.hidden),
    pinned: texts(from.pinned),
    widths: Object.fromEntries(
      widths.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    ),
  };
}
