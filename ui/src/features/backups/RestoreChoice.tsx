/** What a restore brings back: from where, which collections under which names, and how it meets what is there. */
import { Button, Checkbox, Group, Radio, Select, Stack, TextInput } from "@mantine/core";
import { IconFileZip, IconFolder } from "@tabler/icons-react";
import { useState } from "react";
import {
  asApiError,
  type Backup,
  type FileHandle,
  type PlanRestore,
  type RestoreFrom,
  type RestorePlan,
} from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { pickFiles, pickFolder, useNativeFiles } from "@/shared/files";
import { Empty, Loading, showError } from "@/shared/ui";
import { count, number, when } from "@/shared/words/words";
import classes from "./backups.module.css";
import type { RestoreSource } from "./host";
import { fileSource, newestVerifiedFirst, peoples, verificationOf } from "./model";

export type Choice = {
  request: PlanRestore;
  /** Name of the file, where it comes from one. */
  file?: string;
  /** The last plan: it tells what a file holds. */
  known?: RestorePlan;
};

type Line = { name: string; records: number; into: string; wanted: boolean };

type Props = {
  source: RestoreSource;
  start?: Choice;
  onClose: () => void;
  onPlan: (choice: Choice) => void;
};

export function RestoreChoice({ source, start, onClose, onPlan }: Props) {
  const list = useCall("backups.list", {});
  const [chosen, setChosen] = useState<RestoreSource>(
    start ? { from: start.request.from, ...(start.file ? { name: start.file } : {}) } : source,
  );
  if (!list.data) return <Loading rows={4} />;
  const backups = newestVerifiedFirst(list.data.backups);
  const first = backups[0];
  const from: RestoreFrom | undefined =
    chosen.from ?? (first ? { kind: "backup", id: first.id, place: first.place } : undefined);
  const id = from?.kind === "backup" ? from.id : undefined;
  const backup = list.data.backups.find((one) => one.id === id);
  return (
    <Stack gap="md">
      <SourceLine backups={backups} from={from} name={chosen.name} onChange={(next) => setChosen(next)} />
      {from ? (
        <ChoiceForm
          key={keyOf(from)}
          from={from}
          backup={backup}
          file={chosen.name}
          start={start}
          onClose={onClose}
          onPlan={onPlan}
        />
      ) : (
        <Empty title="No backups yet">Take one first, or restore from a file.</Empty>
      )}
    </Stack>
  );
}

type SourceProps = {
  backups: Backup[];
  from: RestoreFrom | undefined;
  name: string | undefined;
  onChange: (source: RestoreSource) => void;
};

function SourceLine({ backups, from, name, onChange }: SourceProps) {
  const native = useNativeFiles();
  const pick = async (ask: () => Promise<FileHandle | undefined>) => {
    try {
      const picked = fileSource(await ask());
      if (picked) onChange(picked);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  const chosen = (id: string | null) => {
    const backup = backups.find((one) => one.id === id);
    if (backup) onChange({ from: { kind: "backup", id: backup.id, place: backup.place } });
  };
  return (
    <Group align="flex-end" gap="xs" wrap="nowrap">
      <Select
        className={classes.grow ?? ""}
        label="From"
        placeholder={from === undefined || from.kind === "backup" ? "Choose a backup" : name}
        value={from?.kind === "backup" ? from.id : null}
        disabled={backups.length === 0}
        allowDeselect={false}
        onChange={chosen}
        data={backups.map((one) => ({ value: one.id, label: backupLabel(one) }))}
      />
      <Button
        variant="default"
        leftSection={<IconFileZip size={14} />}
        onClick={() => void pick(async () => (await pickFiles(native, "archive", false))[0])}
      >
        From a file…
      </Button>
      {native && (
        <Button
          variant="default"
          leftSection={<IconFolder size={14} />}
          onClick={() => void pick(pickFolder)}
        >
          From a folder…
        </Button>
      )}
    </Group>
  );
}

function backupLabel(backup: Backup): string {
  const of = backup.ofThis ? "" : ` from ${backup.workspace}`;
  return `${when(backup.madeAt)}${of}, ${count(backup.records, "record")}, ${verificationOf(backup).words}`;
}

type FormProps = {
  from: RestoreFrom;
  backup: Backup | undefined;
  file: string | undefined;
  start: Choice | undefined;
  onClose: () => void;
  onPlan: (choice: Choice) => void;
};

function ChoiceForm({ from, backup, file, start, onClose, onPlan }: FormProps) {
  const again = start && sameSource(start.request.from, from) ? start : undefined;
  const [lines, setLines] = useState<Line[]>(() => linesOf(backup, again));
  const [mode, setMode] = useState<PlanRestore["mode"]>(again?.request.mode ?? "clean");
  const hasOwn = backup ? backup.collections.some((one) => one.own) : true;
  const [database, setDatabase] = useState((from.kind === "file" && from.database) || "");
  const [oplog, setOplog] = useState((from.kind === "file" && from.oplog) || false);
  const [own, setOwn] = useState(again?.request.own ?? false);
  const wanted = lines.filter((line) => line.wanted);
  // Without any name a restore means all of them.
  const ready = lines.length === 0 || wanted.length > 0;
  const go = () => {
    const named = wanted.map(({ name, into }) => ({ name, into: into.trim() || name }));
    const all = wanted.length === lines.length && named.every((one) => one.name === one.into);
    const request: PlanRestore = {
      from:
        from.kind === "file"
          ? { kind: "file", file: from.file, ...databaseOf(database), ...(oplog ? { oplog } : {}) }
          : from,
      mode,
      own: own && hasOwn,
      ...(all ? {} : { collections: named }),
    };
    onPlan({ request, ...(file ? { file } : {}) });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) go();
      }}
    >
      <Stack gap="md">
        {lines.length > 0 ? (
          <Collections lines={lines} onChange={setLines} />
        ) : (
          <div className="dim">
            {from.kind === "pointInTime"
              ? "All collections as of that point in time"
              : "All collections in the file"}{" "}
            are restored. The plan lists them before anything is written.
          </div>
        )}
        {from.kind === "file" && (
          <TextInput
            maw={320}
            label="Database"
            description="Only if the file contains several."
            value={database}
            onChange={(event) => setDatabase(event.currentTarget.value)}
          />
        )}
        {from.kind === "file" && (
          <Checkbox
            label="Replay the oplog"
            description="Applies the changes made during the dump (mongodump --oplog)."
            checked={oplog}
            onChange={(event) => setOplog(event.currentTarget.checked)}
          />
        )}
        <Radio.Group
          label="Existing data"
          value={mode}
          onChange={(next) => setMode(next as PlanRestore["mode"])}
        >
          <Stack gap={8} mt={6}>
            <Radio
              value="clean"
              label="Replace"
              description="Each collection is reset to the backup. Records added since are removed."
            />
            <Radio
              value="merge"
              label="Merge"
              description="Records from the backup are added, or replace records with the same id. Nothing is removed."
            />
          </Stack>
        </Radio.Group>
        {hasOwn && (
          <Checkbox
            label="Include history, quarantine, saved mappings and settings"
            description="Resets Steward's own data to the backup as well."
            checked={own}
            onChange={(event) => setOwn(event.currentTarget.checked)}
          />
        )}
        <Group justify="space-between" gap="xs">
          <span className="dim">Nothing is written yet. The plan comes next.</span>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" disabled={!ready} data-autofocus>
              See the plan
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

function databaseOf(text: string): { database?: string } {
  return text.trim() === "" ? {} : { database: text.trim() };
}

function keyOf(from: RestoreFrom): string {
  switch (from.kind) {
    case "backup":
      return `backup ${from.id}`;
    case "pointInTime":
      return `point in time ${from.at}`;
    case "file":
      return `file ${from.file}`;
    case "built":
      return `built ${from.id}`;
  }
}

function sameSource(one: RestoreFrom, other: RestoreFrom): boolean {
  return keyOf(one) === keyOf(other);
}

function linesOf(backup: Backup | undefined, again: Choice | undefined): Line[] {
  const chosen = again?.request.collections;
  const there =
    (backup && peoples(backup)) ?? again?.known?.collections.filter((collection) => !collection.own) ?? [];
  return there.map(({ name, records }) => {
    const before = chosen?.find((one) => one.name === name);
    return {
      name,
      records,
      into: before?.into ?? name,
      wanted: chosen === undefined || before !== undefined,
    };
  });
}

function Collections({ lines, onChange }: { lines: Line[]; onChange: (lines: Line[]) => void }) {
  const change = (name: string, part: Partial<Line>) =>
    onChange(lines.map((line) => (line.name === name ? { ...line, ...part } : line)));
  return (
    <table className={classes.small} aria-label="Collections to restore">
      <thead>
        <tr>
          <th>Collection</th>
          <th className="num">Records</th>
          <th>Restore as</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.name}>
            <td>
              <Checkbox
                label={line.name}
                checked={line.wanted}
                onChange={(event) => change(line.name, { wanted: event.currentTarget.checked })}
              />
            </td>
            <td className="num">{number(line.records)}</td>
            <td>
              <TextInput
                aria-label={`Name for ${line.name}`}
                value={line.into}
                disabled={!line.wanted}
                placeholder={line.name}
                onChange={(event) => change(line.name, { into: event.currentTarget.value })}
              />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
