/** Undoes a restore, or deletes what it archived: first the plan, then the change. */
import { Alert, Stack } from "@mantine/core";
import { useState } from "react";
import { type ApiError, asApiError, call, type DiscardRestorePlan, type UndoRestorePlan } from "@/ipc";
import { outcomeOf } from "@/shared/jobs/jobs";
import { ConfirmDialog, showError, showSaved } from "@/shared/ui";
import { noteSaved } from "@/shared/undo/undo";
import { count, number, sentenceList, when } from "@/shared/words/words";
import classes from "./backups.module.css";
import { closeUndo } from "./host";
import { isOwn, undoAction } from "./model";

export function UndoRestoreDialog({ plan }: { plan: UndoRestorePlan }) {
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const apply = async () => {
    setBusy(true);
    setError(null);
    try {
      const done = await outcomeOf(await call("restores.undo", { planId: plan.planId }), "restored");
      noteSaved();
      closeUndo();
      const kept = done.keptAs.length > 0 ? ` Records edited since are in ${sentenceList(done.keptAs)}.` : "";
      showSaved(`Restore undone: all data is as it was before.${kept}`);
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <ConfirmDialog
      opened
      title={`Undo the restore made ${when(plan.restore.startedAt)}?`}
      action={undoAction(plan)}
      destructive
      busy={busy}
      error={error}
      undo="To redo it, restore the backup again."
      size="xl"
      onClose={closeUndo}
      onConfirm={() => void apply()}
    >
      <UndoPlan plan={plan} />
    </ConfirmDialog>
  );
}

function UndoPlan({ plan }: { plan: UndoRestorePlan }) {
  const shown = plan.collections.filter((one) => !isOwn(one.collection));
  const own = plan.collections.length > shown.length;
  return (
    <Stack gap="sm">
      <table className={classes.small} aria-label="Effect of the undo">
        <thead>
          <tr>
            <th>Collection</th>
            <th className="num">Restored</th>
            <th className="num">Removed</th>
            <th className="num">Edited since</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.collection}>
              <td>{one.collection}</td>
              <td className="num">{one.back === undefined ? "did not exist" : number(one.back)}</td>
              <td className="num">{number(one.away)}</td>
              <td className="num">{number(one.editedSince)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {own && <div className="dim">History, quarantine, mappings and settings are restored too.</div>}
      {plan.collections
        .filter((one) => one.keptAs)
        .map((one) => (
          <Alert key={one.collection} color="yellow" variant="light" p="xs">
            {count(one.editedSince, "record")} of {one.collection}{" "}
            {one.editedSince === 1 ? "was edited" : "were edited"} since the restore. The edited{" "}
            {one.editedSince === 1 ? "version is" : "versions are"} kept in {one.keptAs}.
          </Alert>
        ))}
    </Stack>
  );
}

/** Deletes what a restore archived. */
export function useDiscard() {
  const [plan, setPlan] = useState<DiscardRestorePlan>();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const ask = (restoreId: string) => {
    setError(null);
    call("restores.planDiscard", { restoreId }).then(setPlan, (thrown: unknown) =>
      showError(asApiError(thrown)),
    );
  };
  const apply = async (planId: string, records: number) => {
    setBusy(true);
    try {
      await call("restores.discard", { planId });
      setPlan(undefined);
      showSaved(`${count(records, "record")} deleted. The restored data is not affected.`);
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  const dialog = plan && (
    <ConfirmDialog
      opened
      title="Delete the data kept for undoing this restore?"
      action={`Delete ${count(plan.records, "record")}`}
      destructive
      busy={busy}
      error={error}
      undo="This cannot be undone, and the restore can no longer be undone either."
      onClose={() => setPlan(undefined)}
      onConfirm={() => void apply(plan.planId, plan.records)}
    >
      This frees disk space. The restored data
      {plan.restore.safety ? " and the safety backup taken before it are" : " is"} not affected.
    </ConfirmDialog>
  );
  return { ask, dialog };
}
