/** The grid of records: what its edits mean. One cell is an edit; more are a planned bulk change. */
import { Button } from "@mantine/core";
import { IconFilterOff, IconPlus, IconTable } from "@tabler/icons-react";
import { useCallback, useMemo, useRef, useState } from "react";
import { asApiError, type CollectionInfo, type ExtObject, type RecordPage, type RecordRow } from "@/ipc";
import { queryClient, useCall } from "@/shared/data/queries";
import { parts } from "@/shared/filter/model";
import { type FieldSpec, specAt } from "@/shared/schema/model";
import {
  type Block,
  type CellText,
  changeOf,
  expectedOf,
  Grid,
  type GridColumn,
  type GridRow,
  type Layout,
  parseTsv,
  spread,
} from "@/shared/table";
import { Empty, Loading, Outdated, Problem, showError, showWarning } from "@/shared/ui";
import { keyText, plainText } from "@/shared/value/model";
import { parseInput } from "@/shared/value/parse";
import { valueAt, withValue } from "@/shared/value/path";
import { count, number } from "@/shared/words/words";
import type { BulkRequest } from "./BulkDialog";
import { useDrafts } from "./drafts";
import { gridRow, patchesOf } from "./model";
import classes from "./records.module.css";
import type { RecordPages, RecordQuery } from "./useRecordPages";
import { useRecordsSearch } from "./useRecordsSearch";
import { useSave } from "./useSave";
import type { RowSelection } from "./useSelection";

type RecordGridProps = {
  collection: CollectionInfo;
  readOnly: boolean;
  specs: FieldSpec[];
  columns: GridColumn[];
  layout: Layout;
  onLayout: (layout: Layout) => void;
  pages: RecordPages;
  total: number | undefined;
  query: RecordQuery;
  selection: RowSelection;
  openKey: string | undefined;
  onOpen: (row: RecordRow) => void;
  onBulk: (request: BulkRequest) => void;
  onAdd: () => void;
  target: { row: number } | undefined;
  onGoTo: () => void;
};

const noIds: ReadonlySet<string> = new Set();

/** Rows of a block that is pasted, cleared or filled at once. */
const largestBlock = 10_000;

export function RecordGrid(props: RecordGridProps) {
  const { collection, pages, columns, layout, selection, openKey, onOpen } = props;
  const { search, change } = useRecordsSearch();
  const rows = useRef(new WeakMap<RecordRow, GridRow>());
  const [note, setNote] = useState<string[]>([]);
  const edits = useEdits(props);
  const drafts = useDraftRows(collection.name);
  // Where Steward does not answer at all, the frame says so.
  const reported = useCall("workspace.current", {}).error !== null;

  const getRow = useCallback(
    (index: number) => {
      const row = pages.rowAt(index);
      if (!row) return undefined;
      const known = rows.current.get(row);
      if (known) return known;
      const made = gridRow(row);
      rows.current.set(row, made);
      return made;
    },
    [pages.rowAt],
  );
  const sort = useMemo(
    () => (search.sort ? { field: search.sort, descending: search.desc ?? false } : undefined),
    [search.sort, search.desc],
  );
  const open = useCallback(
    (index: number) => {
      const row = pages.rowAt(index);
      if (row) onOpen(row);
    },
    [pages.rowAt, onOpen],
  );

  if (pages.error && !pages.held) return <Problem error={pages.error} retry={pages.retry} />;
  if (pages.loading) return <Loading rows={16} height={14} />;
  if (pages.rowCount === 0) return <NoRecords {...props} />;
  return (
    <>
      {pages.error && !reported && <Outdated error={pages.error} retry={pages.retry} />}
      <Grid
        label={`Records of ${collection.name}`}
        columns={columns}
        layout={layout}
        onLayout={props.onLayout}
        rowCount={pages.rowCount}
        totalRows={props.total ?? pages.rowCount}
        getRow={getRow}
        onRange={pages.onRange}
        sort={sort}
        onSort={(next) => change({ sort: next?.field, desc: next?.descending || undefined })}
        selected={selection.everything ? allIds(pages) : selection.ids.size > 0 ? selection.ids : noIds}
        onSelect={selection.select}
        openRow={openKey}
        drafts={drafts}
        target={props.target}
        onGoTo={props.onGoTo}
        onOpen={open}
        readOnly={props.readOnly}
        readCell={plainText}
        onActive={(cell) => setNote([...(getRow(cell.row)?.problems.values() ?? [])].flat())}
        {...edits.handlers}
      />
      <div className={classes.note} aria-live="polite">
        {note.length > 0 ? (
          <span className={classes.noteBad}>
            {count(note.length, "rule")} broken in this record: {note.join(" ")}
          </span>
        ) : (
          <span>{loadedWords(pages, props.total)}</span>
        )}
      </div>
      {edits.dialogs}
    </>
  );
}

function useDraftRows(collection: string): ReadonlySet<string> {
  const drafts = useDrafts();
  const ids = drafts.flatMap(({ collection: of, key }) =>
    of === collection && key !== undefined ? [keyText(key)] : [],
  );
  const name = ids.join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: every key typed makes new drafts, but rarely other rows
  return useMemo(() => new Set(ids), [name]);
}

function allIds(pages: RecordPages): ReadonlySet<string> {
  return new Set(pages.loadedRows().map((row) => keyText(row.key)));
}

function loadedWords(pages: RecordPages, total: number | undefined): string {
  if (total === undefined) return "";
  return pages.scanned && total > 20_000
    ? `${count(total, "record")} · no index supports this order or filter, so every record was read`
    : count(total, "record");
}

/** An index does not know the middle of words: that no record has a text is known only when all were read. */
function emptyWords({ finding, filter }: RecordQuery): string {
  if (parts(filter).some((part) => part.op === "text"))
    return `The search by index finds no record${finding ? " that fails this metric" : ""}`;
  if (!finding) return "No records match the filter";
  return filter ? "No records that fail this metric match the filter" : "No records fail this metric";
}

function NoRecords({ query, collection, onAdd, readOnly }: RecordGridProps) {
  const { change } = useRecordsSearch();
  const narrowed = query.filter !== undefined || query.finding !== undefined;
  if (narrowed) {
    return (
      <Empty
        icon={<IconFilterOff size={32} stroke={1.4} />}
        title={emptyWords(query)}
        action={
          <Button
            variant="default"
            onClick={() => change({ filter: undefined, q: undefined, finding: undefined })}
          >
            Show all records
          </Button>
        }
      />
    );
  }
  return (
    <Empty
      icon={<IconTable size={32} stroke={1.4} />}
      title={`${collection.name} is empty`}
      action={
        readOnly ? undefined : (
          <Button leftSection={<IconPlus size={14} />} onClick={onAdd}>
            Add a record
          </Button>
        )
      }
    >
      Import a file or add a record.
    </Empty>
  );
}

/** Shows an edit at once; the backend's answer takes its place. */
function showEdited(collection: string, row: RecordRow, document: ExtObject): void {
  queryClient.setQueriesData<RecordPage>(
    {
      predicate: (query) =>
        query.queryKey[0] === "records.find" && requestOf(query.queryKey[1]) === collection,
    },
    (page) =>
      page && {
        ...page,
        records: page.records.map((other) =>
          keyText(other.key) === keyText(row.key) ? { ...other, document } : other,
        ),
      },
  );
}

function requestOf(request: unknown): string | undefined {
  return (request as { collection?: string } | undefined)?.collection;
}

/** The first and the last place of a block, whose rows are in order: all of them are too many arguments. */
function ends(places: number[]): number[] {
  return [places[0] ?? 0, places.at(-1) ?? 0];
}

function useEdits({ collection, pages, specs, onBulk }: RecordGridProps) {
  const reread = useCallback(() => {
    void queryClient.invalidateQueries({ queryKey: ["records.find"] });
  }, []);
  const { save, dialogs } = useSave(reread, reread);
  const specOf = useCallback((id: string) => specAt(specs, id), [specs]);

  const onEdit = useCallback(
    (index: number, column: GridColumn, text: string) => {
      const row = pages.rowAt(index);
      if (!row) return "This row is not loaded yet.";
      const before = valueAt(row.document, column.id);
      const parsed = parseInput(text, before, expectedOf(specOf(column.id)));
      if (!parsed.ok) return parsed.message;
      const edit = changeOf(column.id, before, parsed.value);
      if (!edit) return undefined;
      showEdited(collection.name, row, withValue(row.document as ExtObject, column.id, parsed.value));
      void save({ collection: collection.name, key: row.key, changes: [edit], allowInvalid: false });
      return undefined;
    },
    [pages.rowAt, collection.name, save, specOf],
  );

  const write = useCallback(
    async (texts: CellText[], columns: GridColumn[], title: string) => {
      const places = texts.map(({ cell }) => cell.row);
      const first = Math.min(...ends(places));
      const end = Math.max(...ends(places)) + 1;
      if (end - first > largestBlock) {
        showWarning(
          `A block may have ${number(largestBlock)} rows.`,
          "Import larger tables as a file: they are checked row by row and can be undone.",
        );
        return;
      }
      try {
        const rows = await pages.readRows(first, end);
        const plan = patchesOf(texts, (row) => rows.get(row), columns, specOf, collection.keyField);
        const only = plan.patches[0];
        if (only && texts.length === 1) {
          const { key, changes } = only;
          void save({ collection: collection.name, key, changes, allowInvalid: false });
          return;
        }
        onBulk({
          collection: collection.name,
          selection: { by: "keys", keys: plan.patches.map((patch) => patch.key) },
          change: { action: "patches", patches: plan.patches },
          title: `${title} ${count(texts.length, "cell")}`,
          cells: plan,
        });
      } catch (thrown) {
        showError(asApiError(thrown));
      }
    },
    [pages.readRows, specOf, save, collection.name, collection.keyField, onBulk],
  );

  const handlers = useMemo(
    () => ({
      onEdit,
      onPaste: (text: string, block: Block, columns: GridColumn[]) =>
        void write(spread(parseTsv(text), block), columns, "Paste"),
      onClear: (block: Block, columns: GridColumn[]) => void write(spread([[""]], block), columns, "Clear"),
      onFillDown: (block: Block, columns: GridColumn[]) => {
        const top = pages.rowAt(block.from.row);
        if (!top) return;
        const texts = columns
          .slice(block.from.col, block.to.col + 1)
          .map((column) => plainText(valueAt(top.document, column.id)));
        void write(spread([texts], block), columns, "Fill down");
      },
    }),
    [onEdit, write, pages.rowAt],
  );
  return { handlers, dialogs };
}
