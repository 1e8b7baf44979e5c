/** Above the grid: what is shown and how much of it, search, filter, columns, views, export, add. */
import { ActionIcon, Button, Checkbox, Menu, Popover, TextInput, Tooltip } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import {
  IconAdjustmentsHorizontal,
  IconColumns3,
  IconDownload,
  IconFilter,
  IconLink,
  IconPlus,
  IconSearch,
  IconX,
} from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { type CollectionInfo, call, type ExportFormat, type Filter } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { exportTo, useNativeFiles } from "@/shared/files";
import { filterWords, joined, parts, sameFilter } from "@/shared/filter/model";
import { type GridColumn, type Layout, ordered, plainLayout, toggled } from "@/shared/table";
import { Chip, Keys, showNote } from "@/shared/ui";
import { count, fieldTitle, metricWords, number } from "@/shared/words/words";
import { exportName } from "./model";
import classes from "./records.module.css";
import type { RecordQuery } from "./useRecordPages";
import { useRecordsSearch } from "./useRecordsSearch";
import { Views } from "./Views";

type ToolbarProps = {
  collection: CollectionInfo;
  query: RecordQuery;
  total: number | undefined;
  scanned: boolean;
  columns: GridColumn[];
  layout: Layout;
  onLayout: (layout: Layout) => void;
  filterOpen: boolean;
  onFilterOpen: (open: boolean) => void;
  facetsOpen: boolean;
  onFacetsOpen: (open: boolean) => void;
  readOnly: boolean;
  onAdd: () => void;
};

export function Toolbar(props: ToolbarProps) {
  const { collection, total, facetsOpen, filterOpen } = props;
  const { search } = useRecordsSearch();
  const conditions = parts(search.filter).length;
  return (
    <header className={classes.toolbar}>
      <h1 id="page-title" className={classes.title}>
        Records
      </h1>
      <span className={classes.count} aria-live="polite">
        {countWords(total, collection.records)}
      </span>
      <SearchBox />
      <Tip label="Facets" shortcut="v">
        <ActionIcon
          aria-label="Facets"
          aria-pressed={facetsOpen}
          variant={facetsOpen ? "light" : "subtle"}
          color={facetsOpen ? "teal" : "gray"}
          onClick={() => props.onFacetsOpen(!facetsOpen)}
        >
          <IconAdjustmentsHorizontal size={16} />
        </ActionIcon>
      </Tip>
      <Tip label="Filter" shortcut="f">
        <Button
          variant={filterOpen || conditions > 0 ? "light" : "subtle"}
          color={filterOpen || conditions > 0 ? "teal" : "gray"}
          leftSection={<IconFilter size={15} />}
          onClick={() => props.onFilterOpen(!filterOpen)}
          aria-expanded={filterOpen}
        >
          Filter{conditions > 0 ? ` · ${conditions}` : ""}
        </Button>
      </Tip>
      <FilterChips columns={props.columns} />
      <span className={classes.spring} />
      <Views layout={props.layout} onLayout={props.onLayout} collection={collection.name} />
      <ColumnsMenu {...props} />
      <ExportMenu {...props} />
      <Tip label="Copy a link to this view">
        <ActionIcon aria-label="Copy a link to this view" onClick={copyLink}>
          <IconLink size={16} />
        </ActionIcon>
      </Tip>
      {!props.readOnly && (
        <Tip label="Add a record" shortcut="n">
          <Button leftSection={<IconPlus size={15} />} onClick={props.onAdd}>
            Add
          </Button>
        </Tip>
      )}
    </header>
  );
}

function countWords(total: number | undefined, all: number): string {
  if (total === undefined) return "";
  return total === all ? count(all, "record") : `${number(total)} of ${count(all, "record")}`;
}

function copyLink(): void {
  navigator.clipboard.writeText(window.location.href).then(
    () => showNote("Link to this view copied."),
    () => showNote("The link could not be copied."),
  );
}

function Tip({
  label,
  shortcut,
  children,
}: {
  label: string;
  shortcut?: string;
  children: React.ReactElement;
}) {
  return (
    <Tooltip
      label={
        <span className={classes.tip}>
          {label} {shortcut && <Keys shortcut={shortcut} />}
        </span>
      }
    >
      {children}
    </Tooltip>
  );
}

function SearchBox() {
  const { search, change } = useRecordsSearch();
  const [text, setText] = useState(search.q ?? "");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => setText(search.q ?? ""), [search.q]);
  const apply = useDebouncedCallback((next: string) => change({ q: next.trim() || undefined }, true), 250);
  useCommands([
    {
      id: "records.search",
      title: "Search in these records",
      group: "Records",
      shortcut: "/",
      run: () => field.current?.focus(),
    },
  ]);
  return (
    <TextInput
      ref={field}
      className={classes.search ?? ""}
      value={text}
      aria-label="Search in these records"
      placeholder="Search"
      leftSection={<IconSearch size={14} />}
      rightSection={
        text ? (
          <ActionIcon size={20} aria-label="Clear the search" onClick={() => change({ q: undefined })}>
            <IconX size={13} />
          </ActionIcon>
        ) : (
          <Keys shortcut="/" />
        )
      }
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        change({ q: undefined });
        field.current?.blur();
      }}
    />
  );
}

function FilterChips({ columns }: { columns: GridColumn[] }) {
  const title = (field: string) => columns.find((column) => column.id === field)?.title ?? fieldTitle(field);
  const { search, change } = useRecordsSearch();
  const remove = (part: Filter) =>
    change({ filter: joined(parts(search.filter).filter((other) => !sameFilter(other, part))) });
  return (
    <span className={classes.chips}>
      {search.finding && (
        <Chip onRemove={() => change({ finding: undefined })}>
          {`fails ${metricWords[search.finding].toLowerCase()}`}
        </Chip>
      )}
      {parts(search.filter).map((part) => (
        <Chip key={JSON.stringify(part)} onRemove={() => remove(part)}>
          {filterWords(part, title)}
        </Chip>
      ))}
    </span>
  );
}

function ColumnsMenu({ columns, layout, onLayout }: ToolbarProps) {
  return (
    <Popover position="bottom-end" trapFocus>
      <Popover.Target>
        <ActionIcon aria-label="Columns" title="Columns">
          <IconColumns3 size={16} />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown className={classes.columnsMenu ?? ""}>
        {ordered(columns, layout).map((column) => (
          <Checkbox
            key={column.id}
            label={column.title}
            checked={!layout.hidden.includes(column.id)}
            onChange={() => onLayout({ ...layout, hidden: toggled(layout.hidden, column.id) })}
          />
        ))}
        <Button
          variant="subtle"
          color="gray"
          onClick={() => onLayout({ ...plainLayout, pinned: layout.pinned })}
        >
          Reset the columns
        </Button>
      </Popover.Dropdown>
    </Popover>
  );
}

const formats: [ExportFormat, string][] = [
  ["csv", "CSV, for spreadsheets"],
  ["json", "JSON, one list"],
  ["ndjson", "NDJSON, one record per line"],
];

function ExportMenu({ collection, query, total }: ToolbarProps) {
  const native = useNativeFiles();
  const run = (format: ExportFormat) =>
    void exportTo(native, exportName(collection.name, format, new Date()), (file) =>
      call("records.export", {
        collection: collection.name,
        format,
        file,
        ...(query.filter ? { filter: query.filter } : {}),
        ...(query.finding ? { finding: query.finding } : {}),
      }),
    );
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon aria-label="Export" title="Export">
          <IconDownload size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Export {total === undefined ? "these records" : count(total, "record")} as</Menu.Label>
        {formats.map(([format, title]) => (
          <Menu.Item key={format} onClick={() => run(format)}>
            {title}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
