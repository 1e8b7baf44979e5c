/** Taking an import back: first the plan with what happens to every record, then the deed. */
import { Alert, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { type ApiError, asApiError, call, type UndoRunPlan } from "@/ipc";
import { outcomeOf } from "@/shared/jobs/jobs";
import { ConfirmDialog, Figure, showError, showSaved } from "@/shared/ui";
import { forgetChange, noteSaved } from "@/shared/undo/undo";
import { DiffList } from "@/shared/value/DiffList";
import { count, number, sentenceList } from "@/shared/words/words";
import classes from "./imports.module.css";
import { runTitle } from "./model";

export function useUndoRun() {
  const [plan, setPlan] = useState<UndoRunPlan>();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);

  const ask = (runId: string) => {
    setError(null);
    call("runs.planUndo", { runId }).then(setPlan, (thrown: unknown) => showError(asApiError(thrown)));
  };
  const apply = async () => {
    if (!plan) return;
    setBusy(true);
    try {
      const undone = await outcomeOf(await call("runs.undo", { planId: plan.planId }), "runUndone");
      if (plan.run.changeSet) forgetChange(plan.run.changeSet);
      noteSaved();
      setPlan(undefined);
      showSaved(
        `Import undone: ${count(undone.removed, "record")} removed, ${number(undone.restored)} restored.` +
          (undone.kept > 0 ? ` ${count(undone.kept, "record")} edited since left unchanged.` : "") +
          (undone.stagedIn ? ` The staged rows are in ${undone.stagedIn} again.` : ""),
      );
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  const dialog = plan && (
    <ConfirmDialog
      opened
      title={`Undo the import of ${runTitle(plan.run)}?`}
      action={undoWords(plan)}
      destructive
      busy={busy}
      error={error}
      undo={
        plan.run.mode === "replace"
          ? "To redo it, import the file again."
          : "To redo it, undo this change in the history."
      }
      size="xl"
      onClose={() => setPlan(undefined)}
      onConfirm={() => void apply()}
    >
      <UndoPlan plan={plan} />
    </ConfirmDialog>
  );
  return { ask, dialog };
}

function undoWords(plan: UndoRunPlan): string {
  const parts = [
    plan.remove > 0 && `remove ${count(plan.remove, "record")}`,
    plan.restore > 0 && `restore ${number(plan.restore)}`,
    plan.released > 0 && `remove ${number(plan.released)} imported after correction`,
    plan.withdraw > 0 && `withdraw ${number(plan.withdraw)} from quarantine`,
  ].filter((part): part is string => part !== false);
  const words = sentenceList(parts);
  return words === "" ? "Undo the import" : words.charAt(0).toUpperCase() + words.slice(1);
}

function UndoPlan({ plan }: { plan: UndoRunPlan }) {
  return (
    <Stack gap="sm">
      <div className={classes.figures}>
        <Figure name="will be removed" value={number(plan.remove)} />
        <Figure name="will be restored" value={number(plan.restore)} />
        <Figure name="will leave quarantine" value={number(plan.withdraw)} />
        {plan.released > 0 && (
          <Figure name="imported after correction, also removed" value={number(plan.released)} />
        )}
      </div>
      {plan.handedOn > 0 && (
        <Alert color="blue" variant="light" p="xs">
          {count(plan.handedOn, "row")} {plan.handedOn === 1 ? "stays" : "stay"} in quarantine, because a
          later import contains {plan.handedOn === 1 ? "it" : "them"} too.
        </Alert>
      )}
      {plan.editedSince > 0 && (
        <Alert color="yellow" variant="light" p="xs">
          {count(plan.editedSince, "record")} edited since the import {plan.editedSince === 1 ? "is" : "are"}{" "}
          {plan.keptAs ? `kept in ${plan.keptAs}, with everything that is undone.` : "left unchanged."}
        </Alert>
      )}
      {plan.samples.length > 0 && (
        <>
          <Text size="xs" c="dimmed">
            The first {plan.samples.length}:
          </Text>
          <DiffList samples={plan.samples} />
        </>
      )}
    </Stack>
  );
}
