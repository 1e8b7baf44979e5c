import { useCallback, useMemo, useState } from "react";
import { OverviewStrip } from "@/features/quality";
import type { CollectionInfo, Ext, RecordRow, RecordsFound, WorkspaceInfo } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { usePreference } from "@/shared/data/preference";
import { useCall } from "@/shared/data/queries";
import { useSchema } from "@/shared/data/workspace";
import { specsOf } from "@/shared/schema/model";
import { columnsOf, seenFields, useLayout } from "@/shared/table";
import { SearchedFor } from "@/shared/value/Hits";
import { keyText } from "@/shared/value/model";
import { BulkDialog, type BulkRequest } from "./BulkDialog";
import { Facets } from "./Facets";
import { FilterPanel } from "./FilterPanel";
import { GoToRow } from "./GoToRow";
import { foundFilter, searchTerms, wholeFilter } from "./model";
import { NewRecord } from "./NewRecord";
import { RecordGrid } from "./RecordGrid";
import { RecordPanel } from "./RecordPanel";
import classes from "./records.module.css";
import { SearchNote } from "./SearchNote";
import { SelectionBar } from "./SelectionBar";
import { Toolbar } from "./Toolbar";
import { type RecordQuery, useRecordPages } from "./useRecordPages";
import { useRecordsSearch } from "./useRecordsSearch";
import { useSearchEverywhere } from "./useSearchEverywhere";
import { useSelection } from "./useSelection";

type ViewProps = { collection: CollectionInfo; workspace: WorkspaceInfo };

export function RecordsView({ collection, workspace }: ViewProps) {
  const { search, change } = useRecordsSearch();
  const schema = useSchema(collection.schema);
  const specs = useMemo(() => specsOf(schema), [schema]);
  const [layout, setLayout] = useLayout(workspace.address, collection.name, collection.keyField);
  const [facetsOpen, setFacetsOpen] = usePreference("facets", false);
  const [filterOpen, setFilterOpen] = useState(false);
  const setAdding = useCallback((adding: boolean) => change({ adding: adding || undefined }), [change]);
  const [bulk, setBulk] = useState<BulkRequest>();

  const everywhere = useSearchEverywhere(collection.name, search.q, search.filter);
  const query = useQuery(collection, search, everywhere.found);
  const terms = useMemo(() => searchTerms(search.q), [search.q]);
  const count = useCall("records.count", countRequest(query), { keep: true });
  const pages = useRecordPages(query, count.data?.count);
  const [goingTo, setGoingTo] = useState(false);
  const [target, setTarget] = useState<{ row: number }>();
  const selection = useSelection(pages.rowAt, pages.loadedRows);
  const seen = useSeen(pages.loadedRows());
  const columns = useMemo(
    () => columnsOf(specs, seen, collection.keyField),
    [specs, seen, collection.keyField],
  );

  const openRow = useCallback(
    (row: RecordRow) => change({ open: row.key, tab: search.tab }),
    [change, search.tab],
  );
  useCommands([
    {
      id: "records.add",
      title: "Add a record",
      group: "Records",
      shortcut: "n",
      run: () => setAdding(!workspace.readOnly),
    },
    {
      id: "records.filter",
      title: "Filter records",
      group: "Records",
      shortcut: "f",
      run: () => setFilterOpen(!filterOpen),
    },
    {
      id: "records.facets",
      title: "Show or hide facets",
      group: "Records",
      shortcut: "v",
      run: () => setFacetsOpen(!facetsOpen),
    },
    {
      id: "records.goTo",
      title: "Go to a row…",
      group: "Records",
      run: () => setGoingTo(true),
    },
    {
      id: "records.clear",
      title: "Show all records",
      group: "Records",
      run: () => change({ filter: undefined, q: undefined, finding: undefined }),
    },
  ]);

  return (
    <section className={classes.page} aria-labelledby="page-title">
      <Toolbar
        collection={collection}
        query={query}
        total={count.data?.count}
        scanned={pages.scanned}
        columns={columns}
        layout={layout}
        onLayout={setLayout}
        filterOpen={filterOpen}
        onFilterOpen={setFilterOpen}
        facetsOpen={facetsOpen}
        onFacetsOpen={setFacetsOpen}
        readOnly={workspace.readOnly}
        onAdd={() => setAdding(true)}
      />
      {collection.schema && <OverviewStrip collection={collection} finding={search.finding} />}
      {filterOpen && <FilterPanel specs={specs} seen={seen} onClose={() => setFilterOpen(false)} />}
      <div className={classes.body} data-full={(search.open !== undefined && search.full) || undefined}>
        {facetsOpen && (
          <Facets collection={collection} specs={specs} query={query} onClose={() => setFacetsOpen(false)} />
        )}
        <div className={classes.gridSide}>
          {terms.length > 0 && <SearchNote text={search.q ?? ""} everywhere={everywhere} />}
          <SearchedFor value={terms}>
            <RecordGrid
              collection={collection}
              readOnly={workspace.readOnly}
              specs={specs}
              columns={columns}
              layout={layout}
              onLayout={setLayout}
              pages={pages}
              total={count.data?.count}
              query={query}
              selection={selection}
              openKey={search.open === undefined ? undefined : keyText(search.open)}
              onOpen={openRow}
              onBulk={setBulk}
              onAdd={() => setAdding(true)}
              target={target}
              onGoTo={() => setGoingTo(true)}
            />
          </SearchedFor>
          <SelectionBar
            collection={collection}
            selection={selection}
            query={query}
            total={count.data?.count}
            specs={specs}
            readOnly={workspace.readOnly}
            onBulk={setBulk}
          />
        </div>
        {search.open !== undefined && (
          <RecordPanel
            key={keyText(search.open)}
            address={workspace.address}
            collection={collection}
            recordKey={search.open as Ext}
            specs={specs}
            readOnly={workspace.readOnly}
          />
        )}
      </div>
      <NewRecord
        opened={search.adding === true && !workspace.readOnly}
        onClose={() => setAdding(false)}
        address={workspace.address}
        collection={collection}
        specs={specs}
      />
      <GoToRow
        opened={goingTo}
        rowCount={pages.rowCount}
        onClose={() => setGoingTo(false)}
        onGo={(row) => setTarget({ row })}
      />
      <BulkDialog request={bulk} specs={specs} onClose={() => setBulk(undefined)} onDone={selection.clear} />
    </section>
  );
}

function useQuery(
  collection: CollectionInfo,
  search: ReturnType<typeof useRecordsSearch>["search"],
  found: RecordsFound | undefined,
): RecordQuery {
  const { q, filter, finding, sort, desc } = search;
  return useMemo(() => {
    const whole = found ? foundFilter(found, collection.keyField, filter) : wholeFilter(q, filter);
    return {
      collection: collection.name,
      ...(whole ? { filter: whole } : {}),
      ...(finding ? { finding } : {}),
      ...(sort ? { sort: { field: sort, descending: desc ?? false } } : {}),
    };
  }, [collection.name, collection.keyField, q, filter, finding, sort, desc, found]);
}

function countRequest({ collection, filter, finding }: RecordQuery) {
  return { collection, ...(filter ? { filter } : {}), ...(finding ? { finding } : {}) };
}

/** Field names of the rows on screen; the same list as long as no new name comes. */
function useSeen(rows: RecordRow[]): string[] {
  const [seen, setSeen] = useState<string[]>([]);
  const names = seenFields(rows.map((row) => row.document as object));
  const fresh = names.filter((name) => !seen.includes(name));
  if (fresh.length > 0) setSeen([...seen, ...fresh]);
  return seen;
}
