/** The rows that fit, each with its reasons; ticked ones can be tried again or set aside together. */
import { Button, Checkbox, SegmentedControl } from "@mantine/core";
import { IconRefresh, IconTrash, IconWand } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type RefObject, useEffect } from "react";
import {
  type ApiError,
  asApiError,
  call,
  type QuarantineEntry,
  type QuarantineFilter,
  type QuarantineSelection,
  type QuarantineStatus,
} from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { Empty, Loading, Problem, Tag } from "@/shared/ui";
import { count, number } from "@/shared/words/words";
import type { useQuarantineActions } from "./actions";
import { EntryGrid } from "./EntryGrid";
import { entryTitle, fixOf } from "./model";
import classes from "./quarantine.module.css";

type ListProps = {
  filter: QuarantineFilter;
  /** The filter as chips. */
  conditions: React.ReactNode;
  picked: ReadonlySet<string>;
  onPicked: (picked: ReadonlySet<string>) => void;
  open: string | undefined;
  onOpen: (id: string) => void;
  actions: ReturnType<typeof useQuarantineActions>;
  readOnly: boolean;
  asGrid: boolean;
  onAsGrid: (asGrid: boolean) => void;
  /** Holds the ids of the rows that are listed, in their order. */
  listed: RefObject<string[]>;
};

function useEntries(filter: QuarantineFilter) {
  return useInfiniteQuery({
    queryKey: ["quarantine.list", { filter, limit: 100 }] as const,
    queryFn: async ({ pageParam }) => {
      try {
        return await call("quarantine.list", {
          filter,
          limit: 100,
          ...(pageParam ? { after: pageParam } : {}),
        });
      } catch (thrown) {
        throw asApiError(thrown);
      }
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next,
  });
}

export function EntryList(props: ListProps) {
  const { filter, picked, open, onOpen } = props;
  const query = useEntries(filter);
  const entries = query.data?.pages.flatMap((page) => page.entries) ?? [];
  const total = query.data?.pages[0]?.total ?? 0;
  const { listed } = props;
  useEffect(() => {
    listed.current = entries.map(({ id }) => id);
  });
  const move = (by: number) => {
    const at = entries.findIndex((entry) => entry.id === open);
    const next = entries[Math.max(0, Math.min(entries.length - 1, at + by))];
    if (next) onOpen(next.id);
  };
  const walks = [
    { id: "quarantine.next", title: "Next row", group: "Quarantine", shortcut: "j", run: () => move(1) },
    { id: "quarantine.back", title: "Previous row", group: "Quarantine", shortcut: "k", run: () => move(-1) },
  ];
  // The grid goes from wrong cell to wrong cell with the same keys.
  useCommands(props.asGrid ? [] : walks);
  if (query.error && !query.data)
    return <Problem error={query.error as unknown as ApiError} retry={() => void query.refetch()} />;
  if (!query.data) return <Loading />;
  if (entries.length === 0 && !props.asGrid) {
    return (
      <div className={classes.list}>
        {props.conditions}
        <Empty title={emptyWords[filter.status ?? "waiting"]} />
      </div>
    );
  }
  return (
    <div className={classes.list}>
      {props.conditions}
      <ListBar {...props} entries={entries} total={total} />
      {props.asGrid ? (
        <EntryGrid
          key={JSON.stringify(filter)}
          {...props}
          entries={entries}
          readAt={query.dataUpdatedAt}
          total={total}
          more={() => {
            if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
          }}
        />
      ) : (
        <ul className={classes.entries} aria-label="Quarantined rows">
          {entries.map((entry) => (
            <EntryLine
              key={entry.id}
              entry={entry}
              open={entry.id === open}
              picked={picked.has(entry.id)}
              onOpen={() => onOpen(entry.id)}
              onPick={() => props.onPicked(toggled(picked, entry.id))}
            />
          ))}
          {query.hasNextPage && (
            <li className={classes.more}>
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Show more ({number(total - entries.length)} left)
              </Button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

const emptyWords: Record<QuarantineStatus, string> = {
  waiting: "No rows match",
  released: "No rows were imported after correction",
  withdrawn: "No rows were withdrawn",
  discarded: "No rows were discarded",
};

function toggled(picked: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(picked);
  if (!next.delete(id)) next.add(id);
  return next;
}

function ListBar({
  filter,
  picked,
  onPicked,
  actions,
  readOnly,
  asGrid,
  onAsGrid,
  entries,
  total,
}: ListProps & { entries: QuarantineEntry[]; total: number }) {
  const shown = entries.filter((entry) => picked.has(entry.id));
  const size = shown.length > 0 ? shown.length : total;
  const selection: QuarantineSelection =
    shown.length > 0 ? { by: "ids", ids: shown.map((entry) => entry.id) } : { by: "filter", filter };
  const whom = shown.length > 0 || size === 1 ? count(size, "row") : `all ${count(size, "row")}`;
  return (
    <div className={classes.bar}>
      <Checkbox
        aria-label="Select all rows shown"
        checked={shown.length > 0 && shown.length === entries.length}
        indeterminate={shown.length > 0 && shown.length < entries.length}
        onChange={() => onPicked(new Set(shown.length > 0 ? [] : entries.map((entry) => entry.id)))}
      />
      <span className={`dim ${classes.size}`}>
        {shown.length > 0 ? `${number(shown.length)} selected` : count(total, "row")}
      </span>
      <span className={classes.spring} />
      <SegmentedControl
        aria-label="Layout of the rows"
        size="xs"
        value={asGrid ? "grid" : "list"}
        onChange={(to) => onAsGrid(to === "grid")}
        data={[
          { value: "list", label: "List" },
          { value: "grid", label: "Grid" },
        ]}
      />
      {!readOnly && filter.status === "waiting" && (
        <>
          <Button
            variant="light"
            leftSection={<IconWand size={14} />}
            onClick={() => actions.fix(fixOf(selection, size, filter, shown.length > 0 ? shown : entries))}
          >
            Fix {whom}…
          </Button>
          <Button
            variant="light"
            loading={actions.busy}
            leftSection={<IconRefresh size={14} />}
            onClick={() => actions.retry(selection)}
          >
            Retry {whom}
          </Button>
          <Button
            variant="subtle"
            color="red"
            leftSection={<IconTrash size={14} />}
            onClick={() => actions.askDiscard(selection, size)}
          >
            Discard {whom}
          </Button>
        </>
      )}
      {!readOnly && filter.status === "discarded" && shown.length > 0 && (
        <Button variant="light" onClick={() => actions.restore(shown.map((entry) => entry.id))}>
          Return {whom} to quarantine
        </Button>
      )}
    </div>
  );
}

type LineProps = {
  entry: QuarantineEntry;
  open: boolean;
  picked: boolean;
  onOpen: () => void;
  onPick: () => void;
};

function EntryLine({ entry, open, picked, onOpen, onPick }: LineProps) {
  const reasons = [...new Set(entry.errors.map((error) => error.message))].join(" ");
  return (
    <li className={classes.entry} data-open={open || undefined}>
      <Checkbox aria-label={`Select row ${entry.rowNumber}`} checked={picked} onChange={onPick} />
      <button type="button" className={classes.entryMain} aria-pressed={open} onClick={onOpen}>
        <span className={classes.entryHead}>
          <span className={classes.entryTitle}>{entryTitle(entry)}</span>
          {entry.edited && <Tag tone="accent">edited</Tag>}
          <span className={classes.entryPlace}>
            <span className="ellipsis" title={entry.sourceFile}>
              {entry.sourceFile}
            </span>
            <span className={classes.rowNumber}>, row {number(entry.rowNumber)}</span>
          </span>
        </span>
        <span className={classes.reasons} title={reasons}>
          {entry.status === "discarded" ? `Discarded: ${entry.reason ?? ""}` : reasons}
        </span>
      </button>
    </li>
  );
}
