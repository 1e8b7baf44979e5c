/** Cells and blocks of cells: moving, extending, reading and writing them as text of a spreadsheet. Pure. */

export type Cell = { row: number; col: number };
export type Block = { from: Cell; to: Cell };

export function blockOf(anchor: Cell, focus: Cell): Block {
  return {
    from: { row: Math.min(anchor.row, focus.row), col: Math.min(anchor.col, focus.col) },
    to: { row: Math.max(anchor.row, focus.row), col: Math.max(anchor.col, focus.col) },
  };
}

export function inBlock(block: Block, row: number, col: number): boolean {
  return row >= block.from.row && row <= block.to.row && col >= block.from.col && col <= block.to.col;
}

export function sizeOf(block: Block): { rows: number; cols: number } {
  return { rows: block.to.row - block.from.row + 1, cols: block.to.col - block.from.col + 1 };
}

export function clamped(cell: Cell, rows: number, cols: number): Cell {
  return {
    row: Math.max(0, Math.min(rows - 1, cell.row)),
    col: Math.max(0, Math.min(cols - 1, cell.col)),
  };
}

/** Where a key takes the cursor; nothing when the key moves nothing. */
export function step(
  key: string,
  ctrl: boolean,
  cell: Cell,
  rows: number,
  cols: number,
  page: number,
): Cell | undefined {
  const { row, col } = cell;
  const targets: Record<string, Cell> = {
    ArrowDown: { row: ctrl ? rows - 1 : row + 1, col },
    ArrowUp: { row: ctrl ? 0 : row - 1, col },
    ArrowRight: { row, col: ctrl ? cols - 1 : col + 1 },
    ArrowLeft: { row, col: ctrl ? 0 : col - 1 },
    Home: { row: ctrl ? 0 : row, col: 0 },
    End: { row: ctrl ? rows - 1 : row, col: cols - 1 },
    PageDown: { row: row + page, col },
    PageUp: { row: row - page, col },
  };
  const target = targets[key];
  return target && clamped(target, rows, cols);
}

/** The next cell for Tab: on to the next row at the end of one. */
export function tabbed(cell: Cell, back: boolean, rows: number, cols: number): Cell {
  const at = cell.row * cols + cell.col + (back ? -1 : 1);
  const kept = Math.max(0, Math.min(rows * cols - 1, at));
  return { row: Math.floor(kept / cols), col: kept % cols };
}

/** Tab-separated text with the quoting of spreadsheets. */
export function formatTsv(rows: string[][]): string {
  const quoted = (text: string) => (/[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map(quoted).join("\t")).join("\n");
}

export function parseTsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at <= text.length) {
    const [cell, end] = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    row.push(cell);
    if (text[end] === "\t") {
      at = end + 1;
      continue;
    }
    rows.push(row);
    row = [];
    at = text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
    if (at >= text.length) break;
  }
  return rows;
}

function plainCell(text: string, start: number): [string, number] {
  let end = start;
  while (end < text.length && !"\t\n\r".includes(text.charAt(end))) end += 1;
  return [text.slice(start, end), end];
}

function quotedCell(text: string, start: number): [string, number] {
  let cell = "";
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === '"') {
      if (text[at + 1] !== '"') return [cell, at + 1];
      at += 1;
    }
    cell += text.charAt(at);
    at += 1;
  }
  return plainCell(text, start);
}

/** A pasted block laid over the cells: one value fills the whole selection, a block repeats over it. */
export function spread(block: string[][], selection: Block): { cell: Cell; text: string }[] {
  const height = Math.max(1, block.length);
  const width = Math.max(1, ...block.map((row) => row.length));
  const { rows, cols } = sizeOf(selection);
  const tall = rows % height === 0 ? rows : height;
  const wide = cols % width === 0 ? cols : width;
  const cells: { cell: Cell; text: string }[] = [];
  for (let row = 0; row < tall; row += 1) {
    for (let col = 0; col < wide; col += 1) {
      const text = block[row % height]?.[col % width];
      if (text !== undefined) {
        cells.push({ cell: { row: selection.from.row + row, col: selection.from.col + col }, text });
      }
    }
  }
  return cells;
}
