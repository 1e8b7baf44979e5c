/** Giving up what a run keeps so that it can be undone as a whole. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { type ApiError, asApiError, call, type DiscardRunPlan, type RunDetail } from "@/ipc";
import { useWorkspace } from "@/shared/data/workspace";
import { ConfirmDialog, showError, showSaved } from "@/shared/ui";
import { count } from "@/shared/words/words";

/** What is kept, and the way to give it up. */
export function Kept({ detail }: { detail: RunDetail }) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [plan, setPlan] = useState<DiscardRunPlan>();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const { run } = detail;
  const records = count(detail.kept ?? 0, "record");
  const ask = () => {
    setError(null);
    call("runs.planDiscard", { runId: run.id }).then(setPlan, (thrown: unknown) =>
      showError(asApiError(thrown)),
    );
  };
  const apply = async () => {
    if (!plan) return;
    setBusy(true);
    try {
      await call("runs.discard", { planId: plan.planId });
      setPlan(undefined);
      showSaved(`${count(plan.records, "record")} given up.`);
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {records} that {run.promotes ? "were staged" : "stood here before"}, to be brought back{" "}
      {run.state === "done" && !readOnly && (
        <Button size="compact-xs" variant="subtle" color="red" onClick={ask}>
          Give them up…
        </Button>
      )}
      {plan && (
        <ConfirmDialog
          opened
          title="Delete the data kept for undoing this import?"
          action={`Drop ${count(plan.records, "record")}`}
          destructive
          busy={busy}
          error={error}
          undo={
            run.promotes
              ? "This cannot be undone. The promotion can still be undone, without its staged rows."
              : "This cannot be undone, and the import can no longer be undone."
          }
          onClose={() => setPlan(undefined)}
          onConfirm={() => void apply()}
        >
          It frees the room that they take. The records of {run.collection} stay as they are.
        </ConfirmDialog>
      )}
    </>
  );
}
