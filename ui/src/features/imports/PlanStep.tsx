/** Everything was read and compared; nothing is written yet. What will happen, in numbers and examples. */
import { Alert, Button, Group } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { type ApiError, asApiError, call, type ImportPlan } from "@/ipc";
import { useWorkspace } from "@/shared/data/workspace";
import { JobProgress } from "@/shared/jobs/JobProgress";
import { outcomeOf, useJob } from "@/shared/jobs/jobs";
import { ConfirmDialog, Figure, Panel, Problem } from "@/shared/ui";
import { DiffList } from "@/shared/value/DiffList";
import { count, number, sentenceList } from "@/shared/words/words";
import classes from "./imports.module.css";
import type { ImportChoice } from "./model";
import { Problems, RejectedRows } from "./Problems";

/** What is planned: an import, or the promotion of a staged run. */
type PlanProps = {
  choice: ImportChoice | { promote: string };
  onBack: () => void;
  onApply: (plan: ImportPlan) => void;
};

export function PlanStep({ choice, onBack, onApply }: PlanProps) {
  const [jobId, setJobId] = useState<string>();
  const [plan, setPlan] = useState<ImportPlan>();
  const [error, setError] = useState<ApiError>();
  const job = useJob(jobId);
  useEffect(() => {
    let gone = false;
    const work = async () => {
      try {
        const started = await ("promote" in choice
          ? call("runs.planPromote", { runId: choice.promote, full: true })
          : call("imports.plan", { ...choice, full: true }));
        setJobId(started.jobId);
        const outcome = await outcomeOf(started, "plan");
        if (!gone) setPlan(outcome);
      } catch (thrown) {
        if (!gone) setError(asApiError(thrown));
      }
    };
    void work();
    return () => {
      gone = true;
    };
  }, [choice]);

  const back = (
    <Button variant="default" leftSection={<IconArrowLeft size={14} />} onClick={onBack}>
      Back
    </Button>
  );
  if (error) {
    return (
      <div className={classes.step}>
        <Problem error={error} />
        {back}
      </div>
    );
  }
  if (!plan) {
    return (
      <Panel title="Reading everything and comparing it with existing records">
        <div className={classes.padded}>{job ? <JobProgress job={job} /> : null}</div>
      </Panel>
    );
  }
  return <PlanView plan={plan} back={back} onApply={() => onApply(plan)} />;
}

type ViewProps = { plan: ImportPlan; back: React.ReactNode; onApply: () => void };

function PlanView({ plan, back, onApply }: ViewProps) {
  const { counts } = plan;
  const removed = counts?.removed ?? 0;
  const writes = (counts?.inserted ?? 0) + (counts?.updated ?? 0) + removed;
  const nothing = counts !== undefined && writes === 0 && counts.quarantined === 0;
  return (
    <div className={classes.step}>
      <Panel
        title={`Into ${plan.collection}${plan.schema ? ` with ${plan.schema}` : ""}, key ${plan.keyField}`}
      >
        <div className={classes.planHead}>
          {counts && (
            <div className={classes.figures}>
              <Figure name="rows read" value={number(counts.read)} />
              <Figure name="will be added" value={number(counts.inserted)} tone="accent" />
              <Figure name="will be updated" value={number(counts.updated)} tone="accent" />
              <Figure name="are unchanged" value={number(counts.unchanged)} />
              {removed > 0 && <Figure name="will be removed" value={number(removed)} tone="bad" />}
              {(counts.setAside ?? 0) > 0 && (
                <Figure name="are set aside" value={number(counts.setAside ?? 0)} />
              )}
              {(counts.waitingAlready ?? 0) > 0 && (
                <Figure name="already in quarantine" value={number(counts.waitingAlready ?? 0)} />
              )}
              <Figure
                name="go to quarantine"
                value={number(counts.quarantined)}
                {...(counts.quarantined > 0 ? { tone: "bad" as const } : {})}
              />
            </div>
          )}
          <Group gap="xs">
            {back}
            <ApplyButton plan={plan} disabled={nothing} onApply={onApply} />
          </Group>
        </div>
        <div className={classes.padded}>
          <p className={classes.sentence}>
            {plan.schema || "No schema"}: {plan.schemaReason}.
          </p>
          {plan.recognised.map((file) => (
            <p key={file.file} className={classes.sentence}>
              {file.file}: {file.recognised}.
            </p>
          ))}
        </div>
        {nothing && (
          <Alert color="teal" variant="light" m="md" mt={0}>
            Nothing to import: the data already matches this file.
          </Alert>
        )}
        {plan.staging && (
          <Alert color="blue" variant="light" m="md" mt={0} p="xs">
            The rows are staged in {plan.collection}. Review them there, then promote them to{" "}
            {plan.staging.collection}.
          </Alert>
        )}
        {plan.notes.map((note) => (
          <Alert key={note} color="yellow" variant="light" m="md" mt={0} p="xs">
            {note}
          </Alert>
        ))}
      </Panel>
      {plan.problems.length > 0 && (
        <Panel title="Why rows go to quarantine">
          <Problems problems={plan.problems} />
          <RejectedRows rows={plan.rejected} total={counts?.quarantined ?? plan.rejected.length} />
        </Panel>
      )}
      {plan.updates.length > 0 && (
        <Panel title={`What changes in ${count(counts?.updated ?? plan.updates.length, "record")}`}>
          <div className={classes.padded}>
            <DiffList samples={plan.updates} />
          </div>
        </Panel>
      )}
      {plan.unknownFields.length > 0 && (
        <Panel title="Fields not in the schema">
          <div className={classes.padded}>
            They are imported unchanged:{" "}
            {sentenceList(plan.unknownFields.map((field) => `${field.field} (${count(field.rows, "row")})`))}.
          </div>
        </Panel>
      )}
    </div>
  );
}

type ApplyProps = { plan: ImportPlan; disabled: boolean; onApply: () => void };

/** What removes records is never the default, and asks once more where a workspace is in production. */
function ApplyButton({ plan, disabled, onApply }: ApplyProps) {
  const [asking, setAsking] = useState(false);
  const production = useWorkspace()?.production ?? false;
  const removes = (plan.counts?.removed ?? 0) > 0;
  const asks = removes && production;
  return (
    <>
      <Button
        onClick={asks ? () => setAsking(true) : onApply}
        disabled={disabled}
        {...(removes ? { color: "red" } : { "data-autofocus": true })}
      >
        {applyWords(plan)}
        {asks && "…"}
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Replace everything in ${plan.collection}`}
        action={applyWords(plan)}
        destructive
        undo="Undoing the import restores the records."
        onClose={() => setAsking(false)}
        onConfirm={onApply}
      />
    </>
  );
}

function applyWords(plan: ImportPlan): string {
  const { counts } = plan;
  if (!counts) return "Import";
  const writes = counts.inserted + counts.updated;
  const removed = counts.removed ?? 0;
  if (removed > 0) return `Replace and remove ${count(removed, "record")}`;
  if (writes === 0 && counts.quarantined > 0)
    return `Put ${count(counts.quarantined, "row")} into quarantine`;
  return `Import ${count(writes, "record")}`;
}
