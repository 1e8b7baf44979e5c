/** Quarantined rows as a grid: wrong cells are marked, edited and pasted in place, and rows that become valid are imported. */
import { Button, Checkbox } from "@mantine/core";
import { IconWand } from "@tabler/icons-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { asApiError, call, type QuarantineEntry, type QuarantineFilter, type Violation } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { usePreference } from "@/shared/data/preference";
import { useSchema, useWorkspace } from "@/shared/data/workspace";
import { specAt, specsOf } from "@/shared/schema/model";
import {
  type Block,
  type Cell,
  type CellText,
  changeOf,
  expectedOf,
  Grid,
  type GridColumn,
  parseTsv,
  spread,
  useLayout,
  visible,
} from "@/shared/table";
import { showError, showNote } from "@/shared/ui";
import { pendingWrite } from "@/shared/undo/undo";
import { plainText } from "@/shared/value/model";
import { parseInput } from "@/shared/value/parse";
import { outermost, pointerToPath, valueAt } from "@/shared/value/path";
import { count, fieldTitle, ruleText } from "@/shared/words/words";
import type { useQuarantineActions } from "./actions";
import { CellsDialog } from "./CorrectionsDialog";
import {
  type CellEdits,
  documentOf,
  editsOf,
  fixedBecause,
  gridColumns,
  type Held,
  problemColumn,
  rowOf,
  withChange,
  withHeld,
  wrongCell,
} from "./cells";
import { mostCommon } from "./model";
import classes from "./quarantine.module.css";
import { RecordLink } from "./RecordLink";
import { tellEdited } from "./tell";

type GridProps = {
  filter: QuarantineFilter;
  entries: QuarantineEntry[];
  /** When they were read, in ms. */
  readAt: number;
  total: number;
  more: () => void;
  picked: ReadonlySet<string>;
  onPicked: (picked: ReadonlySet<string>) => void;
  open: string | undefined;
  onOpen: (id: string) => void;
  actions: ReturnType<typeof useQuarantineActions>;
  readOnly: boolean;
};

const noDrafts: ReadonlySet<string> = new Set();

export function EntryGrid(props: GridProps) {
  const { filter, readAt, total, more, picked, onPicked } = props;
  const [held, setHeld] = useState<readonly Held[]>([]);
  const entries = useMemo(() => withHeld(props.entries, held, readAt), [props.entries, held, readAt]);
  const schema = useSchema(mostCommon(entries.map((entry) => entry.schema)) ?? "");
  const specs = useMemo(() => specsOf(schema), [schema]);
  const columns = useColumns(specs, entries);
  const address = useWorkspace()?.address ?? "";
  const [layout, setLayout] = useLayout(address, `quarantine ${filter.schema ?? ""}`, problemColumn);
  const [release, setRelease] = usePreference("quarantine.release", true);
  const [active, setActive] = useState<Cell>({ row: 0, col: 0 });
  const [target, setTarget] = useState<{ row: number; col?: number }>();
  const [pasting, setPasting] = useState<{ title: string; cells: CellEdits }>();
  const rows = useMemo(() => entries.map(rowOf), [entries]);
  const rowAt = useCallback((at: number) => rows[at], [rows]);
  const shown = useMemo(() => {
    const { pinned, free } = visible(columns, layout);
    return [...pinned, ...free];
  }, [columns, layout]);
  const next = (from: Cell, by: 1 | -1) => wrongCell(from, by, rows.length, shown, rowAt);
  const goNext = (by: 1 | -1) => {
    const cell = next(active, by);
    if (cell) setTarget(cell);
    else showNote(by === 1 ? "This is the last wrong cell." : "This is the first wrong cell.");
  };
  useCommands([
    {
      id: "quarantine.next",
      title: "Next wrong cell",
      group: "Quarantine",
      shortcut: "j",
      run: () => goNext(1),
    },
    {
      id: "quarantine.back",
      title: "Previous wrong cell",
      group: "Quarantine",
      shortcut: "k",
      run: () => goNext(-1),
    },
  ]);

  const hold = (entry: QuarantineEntry, at: number) =>
    setHeld((now) => [
      ...now.filter((other) => other.entry.id !== entry.id),
      { entry, at, since: Date.now() },
    ]);
  const letGo = (id: string) => setHeld((now) => now.filter(({ entry }) => entry.id !== id));
  const write = async (at: number, entry: QuarantineEntry, change: CellEdits["edits"][0]["changes"][0]) => {
    hold(withChange(entry, change), at);
    try {
      const done = await pendingWrite(call("quarantine.edit", { id: entry.id, changes: [change], release }));
      hold(done.entry, at);
      tellEdited(done);
    } catch (thrown) {
      letGo(entry.id);
      showError(asApiError(thrown));
    }
  };
  const onEdit = (at: number, column: GridColumn, text: string) => {
    const entry = entries[at];
    const fixed = fixedBecause(entry);
    if (!entry || fixed) return fixed;
    const before = valueAt(documentOf(entry), column.id);
    // The text of the cell as it came is no edit, even where the record does not have it yet.
    if (text === plainText(valueAt(rows[at]?.document, column.id))) return undefined;
    const parsed = parseInput(text, before, expectedOf(specAt(specs, column.id)));
    if (!parsed.ok) return parsed.message;
    const change = changeOf(column.id, before, parsed.value);
    if (change) void write(at, entry, change);
    return undefined;
  };
  const writeAll = (texts: CellText[], of: GridColumn[], title: string) => {
    const cells = editsOf(
      texts,
      (at) => entries[at],
      of,
      (id) => specAt(specs, id),
    );
    setPasting({ title: `${title} ${count(texts.length, "cell")}`, cells });
  };
  const entry = entries[active.row];
  const column = shown[active.col]?.id ?? "";
  const problem = entry?.errors.find(({ pointer }) => outermost(pointerToPath(pointer)) === column);

  return (
    <>
      <div className={classes.gridBar}>
        <Checkbox
          label="Import rows as they become valid"
          checked={release}
          disabled={props.readOnly}
          onChange={(event) => setRelease(event.currentTarget.checked)}
        />
        <span className={classes.spring} />
        <Active entry={entry} problem={problem} {...props} />
      </div>
      <Grid
        label="Quarantined rows"
        columns={columns}
        layout={layout}
        onLayout={setLayout}
        rowCount={entries.length}
        totalRows={Math.max(total, entries.length)}
        getRow={rowAt}
        onRange={(_, last) => {
          if (last >= entries.length - 30) more();
        }}
        sort={undefined}
        onSort={() => undefined}
        selected={picked}
        onSelect={(at, how) => onPicked(chosen(picked, entries, at, how))}
        openRow={props.open}
        drafts={noDrafts}
        rowWord="row"
        onOpen={(at) => entries[at] && props.onOpen(entries[at].id)}
        onActive={setActive}
        target={target}
        afterEdit={(cell) => next(cell, 1)}
        readOnly={props.readOnly || filter.status !== "waiting"}
        onEdit={onEdit}
        onPaste={(text, block, of) => writeAll(spread(parseTsv(text), block), of, "Paste")}
        onClear={(block, of) => writeAll(spread([[""]], block), of, "Clear")}
        onFillDown={(block, of) => writeAll(filled(block, of, rowAt), of, "Fill down")}
        readCell={plainText}
      />
      {pasting && (
        <CellsDialog
          {...pasting}
          onClose={() => setPasting(undefined)}
          onDone={() => setPasting(undefined)}
        />
      )}
    </>
  );
}

/** Columns keep their places while rows are corrected: those that were wrong once stay in front. */
function useColumns(specs: ReturnType<typeof specsOf>, entries: QuarantineEntry[]): GridColumn[] {
  const [columns, setColumns] = useState(() => gridColumns(specs, entries));
  useEffect(() => {
    const next = gridColumns(specs, entries);
    setColumns((now) => {
      const place = new Map(now.map(({ id }, at) => [id, at]));
      const isKnown = next.every(({ id }) => place.has(id)) && next.length === now.length;
      const hasTitles = next.every(({ id, title }) => now[place.get(id) ?? -1]?.title === title);
      return isKnown && hasTitles ? now : next;
    });
  }, [specs, entries]);
  return columns;
}

type ActiveProps = Pick<GridProps, "actions" | "filter" | "readOnly"> & {
  entry: QuarantineEntry | undefined;
  problem: Violation | undefined;
};

/** What can be done about the active cell. */
function Active({ entry, problem, actions, filter, readOnly }: ActiveProps) {
  if (entry?.status === "released") return <RecordLink entry={entry} />;
  if (!entry || !problem || readOnly || entry.status !== "waiting") return null;
  const field = pointerToPath(problem.pointer);
  const outer = outermost(field);
  return (
    <>
      <span className={classes.wrongNote}>
        {fieldTitle(outer)} {ruleText(problem.rule)}
      </span>
      <Button
        variant="light"
        size="compact-sm"
        leftSection={<IconWand size={14} />}
        onClick={() =>
          actions.fix({
            selection: { by: "filter", filter: { ...filter, rule: problem.rule, field: outer } },
            size: undefined,
            field,
            rule: problem.rule,
            value: valueAt(documentOf(entry), field),
            schema: entry.schema,
            fields: Object.keys(documentOf(entry)),
          })
        }
      >
        Fix all alike…
      </Button>
    </>
  );
}

function filled(
  block: Block,
  columns: GridColumn[],
  rowAt: (at: number) => ReturnType<typeof rowOf> | undefined,
) {
  const top = rowAt(block.from.row)?.document;
  const texts = columns.slice(block.from.col, block.to.col + 1).map(({ id }) => plainText(valueAt(top, id)));
  return spread([texts], block);
}

function chosen(
  picked: ReadonlySet<string>,
  entries: readonly QuarantineEntry[],
  at: number[],
  how: "toggle" | "only" | "all" | "none",
): ReadonlySet<string> {
  if (how === "none") return new Set();
  if (how === "all") return new Set(entries.map(({ id }) => id));
  const next = new Set(picked);
  for (const id of at.flatMap((row) => entries[row]?.id ?? []))
    if (how === "only" || !next.delete(id)) next.add(id);
  return next;
}
