/** Restores of this workspace: what, when, by whom; those that were cut off ask to be finished. */
import { Alert, Button, Group } from "@mantine/core";
import { IconAlertTriangle, IconArrowBackUp, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, call, type RestoreEntry, type Restores } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { outcomeOf } from "@/shared/jobs/jobs";
import { Panel, StateMark, showError, showSaved, Timestamp } from "@/shared/ui";
import { count, number } from "@/shared/words/words";
import { planUndo } from "./actions";
import classes from "./backups.module.css";
import { unlocked } from "./host";
import { isOwn, restoredSentence, restoreMark, restoreNames } from "./model";
import { useDiscard } from "./UndoRestore";

/** A restore of another program tells nothing; one whose program died is known by its silence. */
const someRunning = ({ restores }: Restores) =>
  restores.some((entry) => ["loading", "swapping", "undoing"].includes(entry.restore.state));

function useRestores(): RestoreEntry[] {
  return useCall("restores.list", {}, { again: someRunning }).data?.restores ?? [];
}

/** What was cut off stands in the way of everything else. */
export function CutOff() {
  return (
    <>
      {useRestores()
        .filter((entry) => entry.interrupted)
        .map((entry) => (
          <CutOffRestore key={entry.restore.id} entry={entry} />
        ))}
    </>
  );
}

function CutOffRestore({ entry }: { entry: RestoreEntry }) {
  if (entry.restore.state === "undoing") return <CutOffUndo entry={entry} />;
  return <CutOffLoad entry={entry} />;
}

/** An undo that was cut off goes on to its end, or back as long as the collections have not all changed places. */
function CutOffUndo({ entry }: { entry: RestoreEntry }) {
  const [busy, setBusy] = useState(false);
  const readOnly = useWorkspace()?.readOnly ?? false;
  const { restore, canGoBack } = entry;
  const keep = async () => {
    setBusy(true);
    try {
      await outcomeOf(await call("restores.cleanUp", { restoreId: restore.id }), "restored");
      showSaved("The restored data is kept.");
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title="Undoing a restore was interrupted"
    >
      Undoing the restore of {restoreNames(restore)} did not finish. Finish it to return to the state before
      the restore{canGoBack && ", or keep the restored data"}.
      <Group gap="xs" mt="xs">
        <Button
          leftSection={<IconArrowBackUp size={14} />}
          disabled={readOnly || busy}
          onClick={() => void planUndo(restore.id)}
        >
          Finish the undo…
        </Button>
        {canGoBack && (
          <Button variant="default" loading={busy} disabled={readOnly} onClick={() => void keep()}>
            Keep the restored data
          </Button>
        )}
      </Group>
    </Alert>
  );
}

function CutOffLoad({ entry }: { entry: RestoreEntry }) {
  const [busy, setBusy] = useState<"on" | "clean">();
  const readOnly = useWorkspace()?.readOnly ?? false;
  const { restore } = entry;
  const request = { restoreId: restore.id };
  const act = async (what: "on" | "clean") => {
    setBusy(what);
    try {
      if (what === "on") {
        const done = await unlocked(async (secret) =>
          outcomeOf(await call("restores.resume", { ...request, ...secret }), "restored"),
        );
        showSaved(restoredSentence(done.restore), () => void planUndo(restore.id), "Undo restore");
      } else {
        await outcomeOf(await call("restores.cleanUp", request), "restored");
        showSaved("Cleaned up: all data is as it was before the restore.");
      }
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(undefined);
    }
  };
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title="A restore was interrupted"
    >
      The restore of {restoreNames(restore)}, started <Timestamp at={restore.startedAt} /> by {restore.actor},
      did not finish. Continue it, or clean up to return to the state before it.
      <Group gap="xs" mt="xs">
        <Button
          leftSection={<IconPlayerPlay size={14} />}
          loading={busy === "on"}
          disabled={readOnly || busy !== undefined}
          onClick={() => void act("on")}
        >
          Continue
        </Button>
        <Button
          variant="default"
          loading={busy === "clean"}
          disabled={readOnly || busy !== undefined}
          onClick={() => void act("clean")}
        >
          Clean up
        </Button>
      </Group>
    </Alert>
  );
}

export function RestoresPanel() {
  const restores = useRestores();
  const discard = useDiscard();
  if (restores.length === 0) return null;
  return (
    <Panel title="Restores">
      <div className={classes.scroll}>
        <table className={classes.table} aria-label="Restores">
          <thead>
            <tr>
              <th>When</th>
              <th>What</th>
              <th>Backup of</th>
              <th className="num">Records</th>
              <th>State</th>
              <th>Who</th>
              <th>
                <span className="visually-hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {restores.map((entry) => (
              <RestoreLine key={entry.restore.id} entry={entry} onDiscard={discard.ask} />
            ))}
          </tbody>
        </table>
      </div>
      {discard.dialog}
    </Panel>
  );
}

function RestoreLine({ entry, onDiscard }: { entry: RestoreEntry; onDiscard: (id: string) => void }) {
  const { restore, canUndo } = entry;
  const readOnly = useWorkspace()?.readOnly ?? false;
  const mark = restoreMark(entry);
  const records = restore.collections
    .filter((one) => !isOwn(one.into))
    .reduce((sum, one) => sum + one.records, 0);
  return (
    <tr data-still>
      <td>
        <Timestamp at={restore.startedAt} />
      </td>
      <td title={count(restore.collections.length, "collection")}>
        {restoreNames(restore)}
        <span className="faint">{restore.mode === "merge" ? ", merged" : ""}</span>
      </td>
      <td>{restore.madeAt ? <Timestamp at={restore.madeAt} /> : restore.backup}</td>
      <td className="num">{number(records)}</td>
      <td>
        <StateMark tone={mark.tone}>{mark.words}</StateMark>
        {restore.error && <div className={classes.wrong}>{restore.error}</div>}
        {restore.discardedAt && <span className="faint">, undo data deleted</span>}
      </td>
      <td>{restore.actor}</td>
      <td className={classes.actions}>
        {canUndo && !readOnly && (
          <>
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconArrowBackUp size={13} />}
              onClick={() => void planUndo(restore.id)}
            >
              Undo…
            </Button>
            <Button size="compact-xs" variant="subtle" color="gray" onClick={() => onDiscard(restore.id)}>
              Delete undo data…
            </Button>
          </>
        )}
      </td>
    </tr>
  );
}
