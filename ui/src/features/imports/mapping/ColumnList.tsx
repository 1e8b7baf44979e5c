/** The columns of the source: what they hold, and whether a rule reads them. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import type { ColumnKind, ColumnProfile, ProfiledSource } from "@/ipc";
import { Panel, Tag } from "@/shared/ui";
import { count, number, percent } from "@/shared/words/words";
import classes from "./mapping.module.css";

const kindWords: Record<ColumnKind, string> = {
  empty: "empty",
  boolean: "yes or no",
  integer: "whole number",
  number: "number",
  writtenNumber: "written number",
  date: "date",
  dateTime: "date and time",
  list: "list",
  object: "object",
  text: "text",
};

type ListProps = {
  profiled: ProfiledSource;
  unused: Set<string>;
  /** Columns that no rule reads stand out. */
  marked: boolean;
  onAdd: (column: string) => void;
};

export function ColumnList({ profiled, unused, marked, onAdd }: ListProps) {
  const { profile, whole } = profiled;
  return (
    <Panel
      title={count(profile.columns.length, "column")}
      actions={
        <span className="faint">
          {whole ? "of all" : "of the first"} {count(profile.rows, "row")}
        </span>
      }
    >
      <ul className={classes.columns} aria-label="Columns of the file">
        {profile.columns.map((column) => (
          <Column
            key={column.name}
            column={column}
            rows={profile.rows}
            unused={unused.has(column.name)}
            marked={marked && unused.has(column.name)}
            onAdd={() => onAdd(column.name)}
          />
        ))}
      </ul>
    </Panel>
  );
}

type ColumnProps = {
  column: ColumnProfile;
  rows: number;
  unused: boolean;
  marked: boolean;
  onAdd: () => void;
};

function Column({ column, rows, unused, marked, onAdd }: ColumnProps) {
  const [open, setOpen] = useState(false);
  const missing = rows === 0 ? 0 : column.missing / rows;
  return (
    <li className={classes.column} data-unused={marked || undefined}>
      <div className={classes.columnHead}>
        <button
          type="button"
          className={classes.columnButton}
          aria-expanded={open}
          aria-label={`Column ${column.name}`}
          onClick={() => setOpen(!open)}
        >
          <IconChevronRight size={12} className={classes.chevron ?? ""} aria-hidden />
          <span className="ellipsis">{column.name}</span>
        </button>
        <Tag>{kindWords[column.kind]}</Tag>
        {unused && (
          <Tooltip label="No rule reads this column. Add one.">
            <ActionIcon size={20} aria-label={`Add a rule for ${column.name}`} onClick={onAdd}>
              <IconPlus size={13} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div className={classes.columnAbout}>
        {missing > 0 && <span>{percent(missing)} missing</span>}
        <span>
          {column.distinctExact ? "" : "at least "}
          {number(column.distinct)} distinct
        </span>
        <span className="ellipsis" title={column.example ?? ""}>
          {column.example ?? ""}
        </span>
      </div>
      {open && <Details column={column} />}
    </li>
  );
}

function Details({ column }: { column: ColumnProfile }) {
  const bound = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return (
    <div className={classes.details}>
      {column.min !== undefined && (
        <p>
          From <span className="mono">{bound(column.min)}</span> to{" "}
          <span className="mono">{bound(column.max)}</span>
        </p>
      )}
      {column.kind !== "empty" && column.share < 1 && (
        <p>
          {percent(column.share)} are {kindWords[column.kind]}.
        </p>
      )}
      <table>
        <caption className="visually-hidden">Most frequent values of {column.name}</caption>
        <tbody>
          {column.top.map((top) => (
            <tr key={top.value}>
              <td className="ellipsis" title={top.value}>
                {top.value}
              </td>
              <td className="num faint">{number(top.count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
