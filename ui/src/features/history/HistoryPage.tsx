/** Everything that was ever written, newest first: who, when, what; with the differences and the way back. */
import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { IconArrowBackUp, IconHistory, IconLinkOff, IconShieldCheck, IconX } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiError, asApiError, type ChainReport, type ChangeSet, call } from "@/ipc";
import { useAction, useCall } from "@/shared/data/queries";
import { useCollections, useWorkspace } from "@/shared/data/workspace";
import { useGo } from "@/shared/nav";
import { Empty, Loaded, Loading, Page, Problem, StateMark, showError, Tag, Timestamp } from "@/shared/ui";
import { undoChangeSet } from "@/shared/undo/undo";
import { RecordChangeView } from "@/shared/value/DiffList";
import { keyText } from "@/shared/value/model";
import { count, number } from "@/shared/words/words";
import classes from "./history.module.css";
import { canUndo, isWholeRestore, kindWords } from "./model";

function useChanges(collection: string | undefined) {
  const request = { limit: 100, ...(collection ? { collection } : {}) };
  return useInfiniteQuery({
    queryKey: ["history.list", request] as const,
    queryFn: async ({ pageParam }) => {
      try {
        return await call("history.list", { ...request, ...(pageParam ? { beforeSeq: pageParam } : {}) });
      } catch (thrown) {
        throw asApiError(thrown);
      }
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => (page.more ? page.changes.at(-1)?.seq : undefined),
  });
}

export function HistoryPage() {
  const collections = useCollections();
  const [collection, setCollection] = useState<string>();
  const [open, setOpen] = useState<string>();
  const query = useChanges(collection);
  const changes = query.data?.pages.flatMap((page) => page.changes) ?? [];
  return (
    <Page
      title="History"
      about={
        collections.length > 1 ? (
          <SegmentedControl
            aria-label="Collection"
            value={collection ?? ""}
            onChange={(next) => setCollection(next || undefined)}
            data={[{ value: "", label: "All" }, ...collections.map((item) => item.name)]}
          />
        ) : (
          "Every change, with its before and after"
        )
      }
      actions={<Verify />}
      flush
    >
      {query.error ? (
        <Problem error={query.error as unknown as ApiError} retry={() => void query.refetch()} />
      ) : !query.data ? (
        <Loading />
      ) : changes.length === 0 ? (
        <Empty icon={<IconHistory size={34} stroke={1.3} />} title="Nothing was written yet">
          Every edit, import and undo is listed here with its before and after.
        </Empty>
      ) : (
        <div className={classes.body}>
          <div className={classes.list}>
            <ChangeTable changes={changes} open={open} onOpen={setOpen} />
            {query.hasNextPage && (
              <div className={classes.more}>
                <Button
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  Show older changes
                </Button>
              </div>
            )}
          </div>
          {open && <ChangePanel key={open} id={open} onClose={() => setOpen(undefined)} />}
        </div>
      )}
    </Page>
  );
}

function Verify() {
  const verify = useAction("history.verify");
  const run = () => verify.mutate({}, { onError: showError });
  return (
    <>
      {verify.data && <Chain report={verify.data} />}
      <Button
        variant="default"
        leftSection={<IconShieldCheck size={14} />}
        loading={verify.isPending}
        onClick={run}
      >
        Verify the chain
      </Button>
    </>
  );
}

function Chain({ report }: { report: ChainReport }) {
  return (
    <span role="status" title={report.message}>
      {report.ok ? (
        <StateMark tone="good">{count(report.entries, "entry", "entries")} verified, unbroken</StateMark>
      ) : (
        <StateMark tone="bad" icon={<IconLinkOff size={14} />}>
          {report.brokenAt === undefined ? report.message : `broken at entry ${number(report.brokenAt)}`}
        </StateMark>
      )}
    </span>
  );
}

type TableProps = { changes: ChangeSet[]; open: string | undefined; onOpen: (id: string) => void };

function ChangeTable({ changes, open, onOpen }: TableProps) {
  return (
    <table className={classes.table} data-narrow={open !== undefined || undefined}>
      <thead>
        <tr>
          <th className="num">No.</th>
          <th>When</th>
          <th>Kind</th>
          <th>What</th>
          <th className="num">Records</th>
          <th data-more>Collection</th>
          <th data-more>Who</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.id} data-open={change.id === open || undefined} onClick={() => onOpen(change.id)}>
            <td className="num faint">{number(change.seq)}</td>
            <td>
              <Timestamp at={change.at} />
            </td>
            <td>
              <Tag>{kindWords[change.kind]}</Tag>
            </td>
            <td className={classes.what}>
              <button
                type="button"
                className={classes.link}
                title={change.summary}
                onClick={() => onOpen(change.id)}
              >
                {change.summary}
              </button>
              {change.undoneBy && <span className="faint"> undone</span>}
              {change.state !== "confirmed" && <Tag tone="warn">{change.state}</Tag>}
            </td>
            <td className="num">{number(change.records)}</td>
            <td data-more>{change.collection}</td>
            <td data-more>{change.actor}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ChangePanel({ id, onClose }: { id: string; onClose: () => void }) {
  const detail = useCall("history.get", { changeSet: id });
  const readOnly = useWorkspace()?.readOnly ?? false;
  const go = useGo();
  return (
    <aside className={classes.panel} aria-label="Change">
      <Loaded query={detail}>
        {({ changeSet, records }) => (
          <>
            <header className={classes.head}>
              <h2>{changeSet.summary}</h2>
              <ActionIcon aria-label="Close the change" onClick={onClose}>
                <IconX size={16} />
              </ActionIcon>
            </header>
            <div className={classes.about}>
              <Timestamp at={changeSet.at} /> by {changeSet.actor}
              {changeSet.reason && <div>“{changeSet.reason}”</div>}
              <div className="mono faint ellipsis" title={changeSet.hash}>
                {changeSet.hash}
              </div>
              {!readOnly && canUndo(changeSet) && (
                <Button
                  mt={8}
                  variant="default"
                  leftSection={<IconArrowBackUp size={14} />}
                  onClick={() => void undoChangeSet(changeSet)}
                >
                  Take this change back
                </Button>
              )}
              {isWholeRestore(changeSet) && (
                <Button mt={8} variant="default" onClick={() => go.place("/backups")}>
                  Open the restores
                </Button>
              )}
              {changeSet.runId && changeSet.kind !== "restore" && (
                <Button mt={8} variant="default" onClick={() => go.run(changeSet.runId ?? "")}>
                  Open the import
                </Button>
              )}
              {changeSet.undoneBy && (
                <div>
                  <StateMark tone="plain">This change was undone</StateMark>
                </div>
              )}
            </div>
            <div className={classes.records}>
              {records.map((record) => (
                <RecordChangeView key={`${record.collection}:${keyText(record.key)}`} change={record} />
              ))}
              {records.length < changeSet.records && (
                <p className={classes.rest}>
                  {records.length === 0
                    ? `${count(changeSet.records, "record")}. What a bulk load inserted is kept with its run.`
                    : `The first ${records.length} of ${count(changeSet.records, "record")}.`}
                </p>
              )}
            </div>
          </>
        )}
      </Loaded>
    </aside>
  );
}
