/** What can be done with the ticked rows. */
import { Button, CloseButton, Menu } from "@mantine/core";
import { IconDownload, IconEraser, IconPencil, IconReplace, IconTrash } from "@tabler/icons-react";
import {
  type BulkAction,
  type CollectionInfo,
  call,
  type ExportFormat,
  type Filter,
  type Selection,
} from "@/ipc";
import { exportTo, useNativeFiles } from "@/shared/files";
import type { FieldSpec } from "@/shared/schema/model";
import { count, number } from "@/shared/words/words";
import type { BulkRequest } from "./BulkDialog";
import { exportName } from "./model";
import classes from "./records.module.css";
import type { RecordQuery } from "./useRecordPages";
import type { RowSelection } from "./useSelection";

type BarProps = {
  collection: CollectionInfo;
  selection: RowSelection;
  query: RecordQuery;
  total: number | undefined;
  specs: FieldSpec[];
  readOnly: boolean;
  onBulk: (request: BulkRequest) => void;
};

const everyone: Filter = { op: "and", all: [] };

export function SelectionBar({ collection, selection, query, total, readOnly, onBulk }: BarProps) {
  const native = useNativeFiles();
  if (selection.ids.size === 0) return null;
  const size = selection.everything ? (total ?? 0) : selection.ids.size;
  const chosen: Selection = selection.everything
    ? { by: "filter", filter: query.filter ?? everyone }
    : { by: "keys", keys: selection.keys };
  const filter: Filter = selection.everything
    ? (query.filter ?? everyone)
    : { op: "in", field: collection.keyField, values: selection.keys };
  const start = (change: BulkAction, title: string) =>
    onBulk({
      collection: collection.name,
      selection: chosen,
      change,
      title,
      unfinished: change.action !== "delete",
    });
  const records = count(size, "record");
  const run = (format: ExportFormat) =>
    void exportTo(native, exportName(collection.name, format, new Date()), (file) =>
      call("records.export", { collection: collection.name, format, file, filter }),
    );
  return (
    <div className={classes.selection} role="toolbar" aria-label="Selected records">
      <strong>{records} selected</strong>
      {!selection.everything && !query.finding && total !== undefined && total > size && (
        <Button variant="subtle" onClick={selection.selectEverything}>
          Select all {number(total)} that match
        </Button>
      )}
      <span className={classes.spring} />
      {!readOnly && (
        <>
          <Button
            variant="default"
            leftSection={<IconPencil size={14} />}
            onClick={() => start({ action: "set", path: "", value: "" }, `Set a value in ${records}`)}
          >
            Set value
          </Button>
          <Button
            variant="default"
            leftSection={<IconReplace size={14} />}
            onClick={() =>
              start(
                { action: "replace", path: "", pattern: "", with: "", regex: false },
                `Replace text in ${records}`,
              )
            }
          >
            Replace
          </Button>
          <Button
            variant="default"
            leftSection={<IconEraser size={14} />}
            onClick={() => start({ action: "trim", path: "" }, `Trim spaces in ${records}`)}
          >
            Trim
          </Button>
        </>
      )}
      <Menu position="top-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={14} />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(["csv", "json", "ndjson"] as const).map((format) => (
            <Menu.Item key={format} onClick={() => run(format)}>
              {format.toUpperCase()}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {!readOnly && (
        <Button
          variant="light"
          color="red"
          leftSection={<IconTrash size={14} />}
          onClick={() => start({ action: "delete" }, `Delete ${records}`)}
        >
          Delete
        </Button>
      )}
      <CloseButton size="sm" aria-label="Clear the selection" onClick={selection.clear} />
    </div>
  );
}
