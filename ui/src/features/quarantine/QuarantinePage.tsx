/** Rows that were kept out: grouped by what is wrong, put right one by one, tried again, or set aside. */
import { Button, SegmentedControl } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import type { QuarantineSearch } from "@/shared/nav";
import { Chip, Empty, Loaded, Page } from "@/shared/ui";
import { number } from "@/shared/words/words";
import { useQuarantineActions } from "./actions";
import { EntryList } from "./EntryList";
import { EntryPanel } from "./EntryPanel";
import { BringBack, ExportMenu } from "./files";
import { Groups } from "./Groups";
import { type Condition, conditionsOf, fileOf, filterOfSearch } from "./model";
import classes from "./quarantine.module.css";

export function useQuarantineSearch() {
  const search = useSearch({ from: "/quarantine" });
  const navigate = useNavigate({ from: "/quarantine" });
  const change = (part: { [K in keyof QuarantineSearch]: QuarantineSearch[K] | undefined }) =>
    void navigate({
      search: (now) =>
        Object.fromEntries(
          Object.entries({ ...now, ...part }).filter(([, value]) => value !== undefined),
        ) as QuarantineSearch,
    });
  return { search, change };
}

export function QuarantinePage() {
  const { search, change } = useQuarantineSearch();
  const everything = useCall("quarantine.stats", {}).data;
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set());
  const clear = () => setPicked(new Set());
  const actions = useQuarantineActions(clear);
  // The row after the open one, as it was while that one still waited.
  const listed = useRef<string[]>([]);
  const next = useRef<string>(undefined);
  const open = search.entry;
  useEffect(() => {
    const at = listed.current.indexOf(open ?? "");
    if (at >= 0) next.current = listed.current[at + 1];
  });
  const filter = filterOfSearch(search);
  const status = filter.status === "released" || filter.status === "discarded" ? filter.status : "waiting";
  const stats = useCall("quarantine.stats", filter, { keep: true });

  return (
    <Page
      title="Quarantine"
      about={
        <Status
          stats={stats.data}
          status={status}
          onStatus={(next) => change({ status: next, entry: undefined })}
        />
      }
      actions={
        <>
          {!readOnly && <BringBack />}
          <ExportMenu filter={filter} file={fileOf(search, stats.data)} />
        </>
      }
      flush
    >
      <Loaded query={stats}>
        {(data) =>
          status === "waiting" && everything?.waiting === 0 ? (
            <Empty icon={<IconShieldCheck size={36} stroke={1.3} />} title="No rows in quarantine">
              Rows that break a rule during an import are kept here with the reason. Correct them to import
              them.
            </Empty>
          ) : (
            <div className={classes.body}>
              <Groups
                stats={data}
                all={everything?.[status] ?? 0}
                status={status}
                search={search}
                onChange={change}
              />
              <EntryList
                filter={filter}
                conditions={<Conditions conditions={conditionsOf(search)} onChange={change} />}
                picked={picked}
                onPicked={setPicked}
                open={search.entry}
                onOpen={(entry) => change({ entry })}
                actions={actions}
                readOnly={readOnly}
                asGrid={search.as === "grid"}
                listed={listed}
                onAsGrid={(asGrid) => change({ as: asGrid ? "grid" : undefined })}
              />
              {search.entry && (
                <EntryPanel
                  key={search.entry}
                  id={search.entry}
                  readOnly={readOnly}
                  actions={actions}
                  onClose={() => change({ entry: undefined })}
                  onImported={() => change({ entry: next.current ?? search.entry })}
                />
              )}
            </div>
          )
        }
      </Loaded>
      {actions.dialog}
    </Page>
  );
}

type ConditionsProps = {
  conditions: Condition[];
  onChange: (part: { [K in keyof QuarantineSearch]: undefined }) => void;
};

function Conditions({ conditions, onChange }: ConditionsProps) {
  if (conditions.length === 0) return null;
  const without = (gone: Condition[]) =>
    onChange(Object.fromEntries(gone.flatMap(({ parts }) => parts).map((part) => [part, undefined])));
  return (
    <section className={classes.conditions} aria-label="Filter">
      {conditions.map((condition) => (
        <Chip key={condition.parts.join()} onRemove={() => without([condition])}>
          {condition.words}
        </Chip>
      ))}
      {conditions.length > 1 && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => without(conditions)}>
          Clear all
        </Button>
      )}
    </section>
  );
}

type StatusProps = {
  stats: { waiting: number; released: number; discarded: number } | undefined;
  status: string;
  onStatus: (status: string) => void;
};

function Status({ stats, status, onStatus }: StatusProps) {
  if (!stats) return null;
  return (
    <SegmentedControl
      aria-label="Which rows"
      value={status}
      onChange={onStatus}
      data={[
        { value: "waiting", label: `Waiting ${number(stats.waiting)}` },
        { value: "released", label: `Imported after correction ${number(stats.released)}` },
        { value: "discarded", label: `Discarded ${number(stats.discarded)}` },
      ]}
    />
  );
}
