/** The records in a backup, each beside what stands there now, and the way back for one of them or some of its fields. */
import { Button, Checkbox, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowBackUp, IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ApiError, asApiError, type Backup, type BackupRecord, call } from "@/ipc";
import { useWorkspace } from "@/shared/data/workspace";
import { Empty, Loading, Panel, Problem, StateMark, showError, showNote, showWarning } from "@/shared/ui";
import { pendingWrite, rememberChange } from "@/shared/undo/undo";
import { keyText, plainText } from "@/shared/value/model";
import { segmentsOf } from "@/shared/value/path";
import { Change, ValueText } from "@/shared/value/ValueText";
import { count, fieldTitle, number } from "@/shared/words/words";
import classes from "./backups.module.css";
import { unlocked } from "./host";
import { peoples } from "./model";

const pageSize = 50;

function useRecordsInside(backup: Backup, collection: string, text: string) {
  const request = { id: backup.id, place: backup.place, collection, ...(text ? { text } : {}) };
  return useInfiniteQuery({
    queryKey: ["backups.browse", request] as const,
    queryFn: async ({ pageParam }) => {
      try {
        const page = { ...request, skip: pageParam, limit: pageSize };
        return await unlocked((secret) => call("backups.browse", { ...page, ...secret }));
      } catch (thrown) {
        throw asApiError(thrown);
      }
    },
    enabled: collection !== "",
    placeholderData: keepPreviousData,
    initialPageParam: 0,
    getNextPageParam: (last, pages) =>
      last.more ? pages.reduce((sum, page) => sum + page.records.length, 0) : undefined,
  });
}

export function Inside({ backup }: { backup: Backup }) {
  const collections = peoples(backup).filter((one) => one.kind !== "view");
  const [collection, setCollection] = useState(collections[0]?.name ?? "");
  const [text, setText] = useState("");
  const [wanted] = useDebouncedValue(text.trim(), 250);
  return (
    <Panel title="Records in this backup">
      <Group className={classes.padded ?? ""} gap="xs" align="flex-end">
        <Select
          w={240}
          label="Collection"
          value={collection}
          allowDeselect={false}
          data={collections.map((one) => ({
            value: one.name,
            label: `${one.name} (${number(one.records)})`,
          }))}
          onChange={(next) => next && setCollection(next)}
        />
        <TextInput
          className={classes.grow ?? ""}
          maw={420}
          label="Search in these records"
          leftSection={<IconSearch size={14} />}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
      </Group>
      {/* Records of one collection never stand under the name of another. */}
      <RecordsInside key={collection} backup={backup} collection={collection} text={wanted} />
    </Panel>
  );
}

type InsideProps = { backup: Backup; collection: string; text: string };

function RecordsInside({ backup, collection, text }: InsideProps) {
  const query = useRecordsInside(backup, collection, text);
  const records = query.data?.pages.flatMap((page) => page.records) ?? [];
  if (query.error) {
    return <Problem error={query.error as unknown as ApiError} retry={() => void query.refetch()} />;
  }
  if (!query.data) return <Loading />;
  if (records.length === 0) {
    return (
      <Empty title={text ? "No record in the backup matches" : "The collection is empty in this backup"} />
    );
  }
  return (
    <>
      <ul className={classes.records} aria-label="Records in the backup">
        {records.map((record) => (
          <InsideRecord
            key={keyText(record.id)}
            backup={backup}
            collection={collection}
            record={record}
            onBack={() => void query.refetch()}
          />
        ))}
      </ul>
      <div className={classes.restOf}>
        {query.hasNextPage ? (
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            Show {pageSize} more
          </Button>
        ) : (
          <span className="dim">{count(records.length, "record")} shown, no more to load.</span>
        )}
      </div>
    </>
  );
}

type RecordProps = { backup: Backup; collection: string; record: BackupRecord; onBack: () => void };

function InsideRecord({ backup, collection, record, onBack }: RecordProps) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [open, setOpen] = useState(false);
  const [fields, setFields] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const same = record.exists && record.changes.length === 0;
  const bringBack = async () => {
    setBusy(true);
    try {
      const ref = { id: backup.id, place: backup.place, collection, record: record.id };
      const some = fields.length > 0 ? { fields } : {};
      const outcome = await pendingWrite(
        unlocked((secret) => call("backups.bringBack", { ...ref, ...some, ...secret })),
      );
      if (outcome.status === "applied") rememberChange(outcome.changeSet, `${record.title} restored.`);
      else if (outcome.status === "unchanged") showNote("The record already has these values.");
      else
        showWarning(
          "The record was not restored.",
          "It was changed in the meantime. Review it and try again.",
        );
      setFields([]);
      onBack();
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li>
      <div className={classes.recordHead}>
        <button type="button" className={classes.link} aria-expanded={open} onClick={() => setOpen(!open)}>
          {record.title}
        </button>
        {record.title !== plainText(record.id) && <span className="mono faint">{plainText(record.id)}</span>}
        <span className={classes.spring} />
        <RecordState record={record} />
        {!same && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<IconArrowBackUp size={13} />}
            disabled={readOnly}
            loading={busy}
            aria-label={`${backWords(record, fields)}: ${record.title}`}
            onClick={() => void bringBack()}
          >
            {backWords(record, fields)}
          </Button>
        )}
      </div>
      {record.exists && record.changes.length > 0 && (
        <ul className={classes.fields} aria-label={`Fields of ${record.title} that differ`}>
          {record.changes.map((change) => (
            <li key={change.path}>
              <Checkbox
                label={segmentsOf(change.path).map(fieldTitle).join(" › ")}
                disabled={readOnly}
                checked={fields.includes(change.path)}
                onChange={(event) =>
                  setFields(
                    event.currentTarget.checked
                      ? [...fields, change.path]
                      : fields.filter((path) => path !== change.path),
                  )
                }
              />
              <Change before={change.before} after={change.after} />
            </li>
          ))}
        </ul>
      )}
      {open && <Whole record={record} />}
    </li>
  );
}

function backWords(record: BackupRecord, fields: string[]): string {
  if (!record.exists || fields.length === 0) return "Restore";
  return `Restore ${count(fields.length, "field")}`;
}

function RecordState({ record }: { record: BackupRecord }) {
  if (!record.exists) return <StateMark tone="warn">no longer exists</StateMark>;
  if (record.changes.length === 0) return <StateMark tone="good">unchanged</StateMark>;
  return (
    <StateMark tone="accent">
      {record.changes.length === 1
        ? "1 field differs now"
        : `${number(record.changes.length)} fields differ now`}
    </StateMark>
  );
}

/** The record as the backup has it. */
function Whole({ record }: { record: BackupRecord }) {
  const document = record.document;
  if (typeof document !== "object" || document === null || Array.isArray(document)) return null;
  return (
    <dl className={classes.facts}>
      {Object.entries(document).map(([name, value]) => (
        <div key={name} className={classes.pair}>
          <dt title={name}>{fieldTitle(name)}</dt>
          <dd>
            <ValueText value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
