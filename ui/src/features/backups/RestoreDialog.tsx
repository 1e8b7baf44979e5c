/** From a backup to records: what to bring back, the whole plan, the question, the deed, the way back. */
import { Alert, Button, Checkbox, Group, Modal, Stack } from "@mantine/core";
import { IconArrowBackUp, IconArrowLeft, IconTable } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import {
  type ApiError,
  asApiError,
  call,
  type PlanRestore,
  type RestorePlan,
  type RestoreRecord,
} from "@/ipc";
import { JobProgress } from "@/shared/jobs/JobProgress";
import { outcomeOf, useJob } from "@/shared/jobs/jobs";
import { useGo } from "@/shared/nav";
import { ConfirmBody, Loading, Problem, StateMark, showSaved } from "@/shared/ui";
import { noteSaved } from "@/shared/undo/undo";
import { stamp, when } from "@/shared/words/words";
import { planUndo } from "./actions";
import { type RestoreSource, unlocked } from "./host";
import { bringsBack, restoreAction, restoredSentence } from "./model";
import { type Choice, RestoreChoice } from "./RestoreChoice";
import { RestorePlanView } from "./RestorePlanView";

type Stage =
  | { at: "choose"; choice?: Choice }
  | { at: "plan"; choice: Choice }
  | { at: "ask"; choice: Choice; plan: RestorePlan }
  | { at: "apply"; choice: Choice; plan: RestorePlan; leaveOut: boolean }
  | { at: "done"; restore: RestoreRecord };

export function RestoreDialog({ source, onClose }: { source: RestoreSource; onClose: () => void }) {
  const [stage, setStage] = useState<Stage>({ at: "choose" });
  const back = (choice: Choice) => setStage({ at: "choose", choice });
  return (
    <Modal opened onClose={onClose} title={titleOf(stage)} size={860} closeOnClickOutside={false}>
      {stage.at === "choose" && (
        <RestoreChoice
          source={source}
          {...(stage.choice ? { start: stage.choice } : {})}
          onClose={onClose}
          onPlan={(choice) => setStage({ at: "plan", choice })}
        />
      )}
      {stage.at === "plan" && (
        <PlanStep
          choice={stage.choice}
          onBack={() => back(stage.choice)}
          onPlanned={(plan) => setStage({ at: "ask", choice: { ...stage.choice, known: plan }, plan })}
        />
      )}
      {stage.at === "ask" && (
        <AskStep
          plan={stage.plan}
          onBack={() => back(stage.choice)}
          onClose={onClose}
          onApply={(leaveOut) => setStage({ at: "apply", choice: stage.choice, plan: stage.plan, leaveOut })}
        />
      )}
      {stage.at === "apply" && (
        <ApplyStep
          plan={stage.plan}
          leaveOut={stage.leaveOut}
          onBack={() => setStage({ at: "plan", choice: stage.choice })}
          onDone={(restore) => setStage({ at: "done", restore })}
        />
      )}
      {stage.at === "done" && <Outcome restore={stage.restore} onClose={onClose} />}
    </Modal>
  );
}

function titleOf(stage: Stage): string {
  switch (stage.at) {
    case "choose":
    case "plan":
      return "Restore";
    case "ask":
      if (stage.choice.request.from.kind === "pointInTime" && stage.plan.madeAt)
        return `Restore the data of ${stamp(stage.plan.madeAt)}?`;
      return stage.plan.madeAt
        ? `Restore the backup taken ${when(stage.plan.madeAt)}?`
        : `Restore ${stage.plan.backup}?`;
    case "apply":
      return "Restoring";
    case "done":
      return "Restored";
  }
}

type PlanProps = { choice: Choice; onBack: () => void; onPlanned: (plan: RestorePlan) => void };

/** The backup is read and compared with what is there; nothing is written. */
function PlanStep({ choice, onBack, onPlanned }: PlanProps) {
  const [jobId, setJobId] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const job = useJob(jobId);
  const planned = useRef(onPlanned);
  planned.current = onPlanned;
  useEffect(() => {
    let gone = false;
    const request: PlanRestore = choice.request;
    const plan = (secret: object) =>
      call("restores.plan", { ...request, ...secret }).then((started) => {
        if (!gone) setJobId(started.jobId);
        return outcomeOf(started, "restorePlan");
      });
    unlocked(plan).then(
      (plan) => !gone && planned.current(plan),
      (thrown: unknown) => !gone && setError(asApiError(thrown)),
    );
    return () => {
      gone = true;
    };
  }, [choice]);
  if (error) {
    return (
      <Stack gap="sm">
        <Problem error={error} />
        <Group>
          <BackButton onBack={onBack} />
        </Group>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <div>Reading the backup and comparing it with the current data. Nothing is written yet.</div>
      {job ? <JobProgress job={job} /> : <Loading rows={2} />}
    </Stack>
  );
}

function BackButton({ onBack }: { onBack: () => void }) {
  return (
    <Button variant="default" leftSection={<IconArrowLeft size={14} />} onClick={onBack}>
      Back
    </Button>
  );
}

type AskProps = {
  plan: RestorePlan;
  onBack: () => void;
  onClose: () => void;
  onApply: (leaveOut: boolean) => void;
};

function AskStep({ plan, onBack, onClose, onApply }: AskProps) {
  const impossible = plan.collections.some((one) => one.impossible);
  const nothing = !bringsBack(plan);
  const [leaveOut, setLeaveOut] = useState(false);
  return (
    <ConfirmBody
      action={
        impossible ? "These cannot be merged" : nothing ? "There is nothing to restore" : restoreAction(plan)
      }
      destructive
      disabled={nothing || impossible || (plan.lost.length > 0 && !leaveOut)}
      undo="The restore can be undone."
      onClose={onClose}
      onConfirm={() => onApply(leaveOut)}
    >
      <RestorePlanView plan={plan} />
      {plan.lost.length > 0 && !nothing && (
        <Alert color="yellow" variant="light" p="xs" title="Not everything can be restored">
          {plan.lost.map((lost) => (
            <div key={lost}>{lost}</div>
          ))}
          <Checkbox
            mt="xs"
            label="Restore the rest without it"
            checked={leaveOut}
            onChange={(event) => setLeaveOut(event.currentTarget.checked)}
          />
        </Alert>
      )}
      <Group>
        <BackButton onBack={onBack} />
      </Group>
    </ConfirmBody>
  );
}

type ApplyProps = {
  plan: RestorePlan;
  leaveOut: boolean;
  onBack: () => void;
  onDone: (restore: RestoreRecord) => void;
};

function ApplyStep({ plan, leaveOut, onBack, onDone }: ApplyProps) {
  const [jobId, setJobId] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const job = useJob(jobId);
  const started = useRef(false);
  const here = useRef(true);
  const done = useRef(onDone);
  done.current = onDone;
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useEffect(() => {
    if (started.current) return;
    started.current = true;
    const work = async () => {
      try {
        const begun = await call("restores.apply", { planId: plan.planId, leaveOut });
        setJobId(begun.jobId);
        const { restore } = await outcomeOf(begun, "restored");
        noteSaved();
        // The status bar shows it to a person who closed the dialog meanwhile.
        if (here.current) done.current(restore);
        else showSaved(restoredSentence(restore), () => void planUndo(restore.id), "Undo restore");
      } catch (thrown) {
        setError(asApiError(thrown));
      }
    };
    void work();
  }, [plan, leaveOut]);
  if (error) {
    return (
      <Stack gap="sm">
        <Problem error={error} />
        <Group>
          <Button variant="default" onClick={onBack}>
            Plan again
          </Button>
        </Group>
      </Stack>
    );
  }
  return (
    <Stack gap="sm">
      <div>
        {plan.safety ? "A safety backup of the current data is taken first. " : ""}
        Records stay unchanged until the last step. You can close this dialog.
      </div>
      {job ? <JobProgress job={job} /> : <Loading rows={2} />}
    </Stack>
  );
}

function Outcome({ restore, onClose }: { restore: RestoreRecord; onClose: () => void }) {
  const go = useGo();
  const first = restore.collections.find((one) => !one.into.startsWith("steward."));
  return (
    <Stack gap="sm">
      <StateMark tone="good">{restoredSentence(restore)}</StateMark>
      {restore.safety && (
        <div className="dim">A safety backup of the earlier data was taken. It is first in the list.</div>
      )}
      {restore.notes.map((note) => (
        <div key={note} className="dim">
          {note}
        </div>
      ))}
      <Group justify="flex-end" gap="xs">
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={14} />}
          onClick={() => {
            onClose();
            void planUndo(restore.id);
          }}
        >
          Undo restore…
        </Button>
        {first && (
          <Button
            variant="default"
            leftSection={<IconTable size={14} />}
            onClick={() => {
              onClose();
              go.records({ c: first.into });
            }}
          >
            Open the records
          </Button>
        )}
        <Button data-autofocus onClick={onClose}>
          Close
        </Button>
      </Group>
    </Stack>
  );
}
