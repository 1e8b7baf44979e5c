/** Taking a restore back, and giving up what it put aside: first the plan, then the deed. */
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
      const kept = done.keptAs.length > 0 ? ` What was edited since is in ${sentenceList(done.keptAs)}.` : "";
      showSaved(`Restore undone: everything is as it was before.${kept}`);
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
      undo="Restore the backup again to have it back."
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
      <table className={classes.small} aria-label="What comes back">
        <thead>
          <tr>
            <th>Collection</th>
            <th className="num">Comes back</th>
            <th className="num">Goes</th>
            <th className="num">Edited since</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((one) => (
            <tr key={one.collection}>
              <td>{one.collection}</td>
              <td className="num">{one.back === undefined ? "was not there" : number(one.back)}</td>
              <td className="num">{number(one.away)}</td>
              <td className="num">{number(one.editedSince)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {own && <div className="dim">History, quarantine, mappings and settings go back too.</div>}
      {plan.collections
        .filter((one) => one.keptAs)
        .map((one) => (
          <Alert key={one.collection} color="yellow" variant="light" p="xs">
            {count(one.editedSince, "record")} of {one.collection}{" "}
            {one.editedSince === 1 ? "was edited" : "were edited"} since the restore: what stands there now is
            kept in {one.keptAs}.
          </Alert>
        ))}
    </Stack>
  );
}

/** Giving up what a restore put aside. */
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
      showSaved(`${count(records, "record")} given up. The restore stays.`);
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
      action={`Drop ${count(plan.records, "record")}`}
      destructive
      busy={busy}
      error={error}
      undo="This cannot be undone, and neither can the restore afterwards."
      onClose={() => setPlan(undefined)}
      onConfirm={() => void apply(plan.planId, plan.records)}
    >
      It frees the room that they take. What was restored stays as it is
      {plan.restore.safety ? ", and the backup that was taken before it stays as well" : ""}.
    </ConfirmDialog>
  );
  return { ask, dialog };
}
