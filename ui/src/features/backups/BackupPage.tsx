/** One backup: what is in it, whether it would come back, its records beside those of today, another beside it. */
import { Alert, Button, CopyButton, Menu, SegmentedControl } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowLeft,
  IconChevronDown,
  IconRestore,
  IconShieldCheck,
} from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { Backup, BackupCollection, BackupVerified } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { useGo } from "@/shared/nav";
import { Loaded, Page, Panel, StateMark, Tag, Timestamp } from "@/shared/ui";
import { bytes, count, duration, number, stamp } from "@/shared/words/words";
import { useVerification } from "./actions";
import { Verification } from "./BackupTable";
import classes from "./backups.module.css";
import { Compare } from "./Compare";
import { askRestore } from "./host";
import { Inside } from "./Inside";
import { isOwn, peoples, verificationOf } from "./model";
import { RunningJobs } from "./RunningJobs";

export function BackupPage() {
  const { backupId } = useParams({ from: "/backups/$backupId" });
  // Each backup has a state of its own.
  return <BackupOf key={backupId} id={backupId} />;
}

type Part = "facts" | "inside" | "compare";

function BackupOf({ id }: { id: string }) {
  const query = useCall("backups.get", { id });
  const [part, setPart] = useState<Part>("facts");
  const verification = useVerification();
  const go = useGo();
  const backup = query.data;
  return (
    <Page
      title="Backup"
      about={
        <SegmentedControl
          aria-label="Part of the backup"
          value={part}
          onChange={(next) => setPart(next as Part)}
          data={[
            { value: "facts", label: "Contents" },
            { value: "inside", label: "Look inside" },
            { value: "compare", label: "Compare" },
          ]}
        />
      }
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={14} />}
            onClick={() => go.place("/backups")}
          >
            All backups
          </Button>
          {backup && <Actions backup={backup} verification={verification} />}
        </>
      }
    >
      <Loaded query={query}>
        {(data) => (
          <div className={classes.page}>
            <RunningJobs />
            <Summary backup={data} />
            {part === "facts" && <Facts backup={data} verified={verification.verified} />}
            {part === "inside" && <Inside backup={data} />}
            {part === "compare" && <Compare backup={data} />}
          </div>
        )}
      </Loaded>
    </Page>
  );
}

function Actions({
  backup,
  verification,
}: {
  backup: Backup;
  verification: ReturnType<typeof useVerification>;
}) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  return (
    <>
      <Button.Group>
        <Button
          variant="default"
          leftSection={<IconShieldCheck size={14} />}
          disabled={readOnly}
          loading={verification.busy !== undefined}
          onClick={() => void verification.verify(backup, true)}
        >
          Verify by test restore
        </Button>
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              variant="default"
              px={8}
              disabled={readOnly || verification.busy !== undefined}
              aria-label="Other ways to verify it"
            >
              <IconChevronDown size={14} />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => void verification.drill(backup)}>
              Verify by test restore and save a report…
            </Menu.Item>
            <Menu.Item onClick={() => void verification.verify(backup, false)}>
              Read and check the whole file
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      </Button.Group>
      <Button
        leftSection={<IconRestore size={14} />}
        disabled={readOnly || backup.damage !== undefined}
        onClick={() => askRestore({ from: { kind: "backup", id: backup.id, place: backup.place } })}
      >
        Restore…
      </Button>
    </>
  );
}

function Summary({ backup }: { backup: Backup }) {
  const mark = verificationOf(backup);
  return (
    <>
      <div className={classes.summary}>
        <strong>
          Taken <Timestamp at={backup.madeAt} />
        </strong>
        <span>{backup.reason}</span>
        <span>{count(backup.records, "record")}</span>
        <Verification backup={backup} />
        {!backup.ofThis && <Tag tone="warn">of {backup.workspace}</Tag>}
      </div>
      {mark.problems.length > 0 && (
        <Alert
          color="red"
          variant="light"
          icon={<IconAlertTriangle size={18} />}
          title="This backup would not come back whole"
        >
          {mark.problems.map((problem) => (
            <div key={problem}>{problem}</div>
          ))}
        </Alert>
      )}
    </>
  );
}

function Facts({ backup, verified }: { backup: Backup; verified: BackupVerified | undefined }) {
  const own = backup.collections.filter((one) => one.own);
  return (
    <>
      {verified && <Verified verified={verified} />}
      <Panel title="Collections">
        <div className={classes.scroll}>
          <table className={classes.table} aria-label="Collections of the backup">
            <thead>
              <tr>
                <th>Collection</th>
                <th className="num">Records</th>
                <th className="num">Size</th>
                <th>Schema</th>
                <th>Indexes</th>
                <th>Content</th>
              </tr>
            </thead>
            <tbody>
              {[...peoples(backup), ...own].map((one) => (
                <CollectionLine key={one.name} one={one} />
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <FactList backup={backup} />
    </>
  );
}

function CollectionLine({ one }: { one: BackupCollection }) {
  return (
    <tr data-still className={one.own ? "dim" : ""}>
      <td>
        {one.name} {one.kind !== "collection" && <Tag>{one.kind}</Tag>}
      </td>
      <td className="num">{number(one.records)}</td>
      <td className="num">{bytes(one.bytes)}</td>
      <td>{one.schema ?? "–"}</td>
      <td className={classes.verification} title={one.indexes.join(", ")}>
        {one.indexes.join(", ") || "–"}
      </td>
      <td className="mono faint" title={one.content}>
        {(one.content.split(":").at(-1) ?? one.content).slice(0, 12)}
      </td>
    </tr>
  );
}

/** What a verification looked at, right after it. */
function Verified({ verified }: { verified: BackupVerified }) {
  const { verification, collections, notes } = verified;
  return (
    <Panel title="What was checked">
      <div className={classes.padded}>
        <StateMark tone={verification.passed ? "good" : "bad"}>
          {verification.passed ? "Verified: nothing is wrong with it" : "It cannot be restored completely"}
        </StateMark>
        <p className={classes.checked}>
          {verification.restored
            ? "It was restored into a scratch workspace, which is gone again: counts, contents, indexes, validators and schemas were compared."
            : "Every byte was opened, unpacked, decoded and compared with its checksums."}{" "}
          It took {duration(verification.seconds)}.
        </p>
        <ul className={classes.checkedList} aria-label="Collections that were checked">
          {collections
            .filter((one) => !isOwn(one.name))
            .map((one) => (
              <li key={one.name}>
                <strong>{one.name}</strong> {count(one.records, "record")}
                {one.schema && <span className="dim"> against {one.schema}</span>}
                {one.invalid !== undefined && (
                  <span className="dim">
                    ,{" "}
                    {one.invalid === 0
                      ? "none breaks"
                      : `${number(one.invalid)} ${one.invalid === 1 ? "breaks" : "break"}`}{" "}
                    a rule
                  </span>
                )}
              </li>
            ))}
          {collections.some((one) => isOwn(one.name)) && (
            <li className="dim">history, quarantine, mappings and settings</li>
          )}
        </ul>
        {notes.map((note) => (
          <div key={note} className="dim">
            {note}
          </div>
        ))}
      </div>
    </Panel>
  );
}

const locks: Record<Backup["encryption"]["kind"], string> = {
  none: "not locked",
  passphrase: "locked with a passphrase",
  recipients: "locked with a key",
};

function FactList({ backup }: { backup: Backup }) {
  const took = (Date.parse(backup.finishedAt) - Date.parse(backup.madeAt)) / 1000;
  return (
    <Panel title="Facts">
      <dl className={classes.facts}>
        <dt>Taken</dt>
        <dd>
          {stamp(backup.madeAt)} by {backup.madeBy}, in {duration(took)}, with {backup.tool}
        </dd>
        <dt>Of</dt>
        <dd>
          {backup.workspace} <span className="dim">{backup.address}</span>
        </dd>
        <dt>Kept in at that time</dt>
        <dd>{backup.server}</dd>
        <dt>Point in time</dt>
        <dd>
          {backup.fuzzy ?? "All collections show the same point in time."}
          {backup.notes.map((note) => (
            <div key={note}>{note}</div>
          ))}
        </dd>
        <dt>Size</dt>
        <dd>
          {bytes(backup.bytes)} on disk, {bytes(backup.plainBytes)} of records
          {backup.compression === "none" ? ", not compressed" : `, ${backup.compression}`},{" "}
          {locks[backup.encryption.kind]}
        </dd>
        <dt>{backup.copies.length > 0 ? "Places" : "Place"}</dt>
        <dd>
          {[backup.place, ...backup.copies].map((place) => (
            <div key={place} className="mono">
              {place}
            </div>
          ))}
        </dd>
        <dt>File</dt>
        <dd className="mono">{backup.file}</dd>
        <dt>SHA-256</dt>
        <dd>
          <span className="mono">{backup.sha256}</span>{" "}
          <CopyButton value={backup.sha256}>
            {({ copied, copy }) => (
              <Button size="compact-xs" variant="subtle" color="gray" onClick={copy}>
                {copied ? "Copied" : "Copy"}
              </Button>
            )}
          </CopyButton>
        </dd>
      </dl>
    </Panel>
  );
}
