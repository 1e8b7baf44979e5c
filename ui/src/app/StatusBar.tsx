/** One line: is it connected, what is running, when was the last save, what can be undone. */
import { Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconPencil,
  IconPlugConnected,
  IconPlugConnectedX,
} from "@tabler/icons-react";
import { useDrafts } from "@/features/records";
import type { Job, WorkspaceInfo } from "@/ipc";
import { useJobs } from "@/shared/jobs/jobs";
import { useFailedTasks, useGoToTask } from "@/shared/tasks/tasks";
import { Keys } from "@/shared/ui";
import { undoLast, useUndoState } from "@/shared/undo/undo";
import { clock, count, percent } from "@/shared/words/words";
import classes from "./shell.module.css";

type StatusProps = {
  workspace: WorkspaceInfo;
  connected: boolean;
  onShow: (overlay: "jobs" | "drafts") => void;
};

export function StatusBar({ workspace, connected, onShow }: StatusProps) {
  const jobs = useJobs();
  const unsaved = useDrafts().length;
  const running = jobs.filter((job) => job.state === "running");
  const { stack, savedAt } = useUndoState();
  const last = stack.done.at(-1);
  return (
    <footer className={classes.bottom} data-region>
      <span className={classes.bottomPart} role="status">
        {connected ? (
          <>
            <IconPlugConnected size={13} aria-hidden />{" "}
            {workspace.kind === "file" ? "File open" : "Connected"}
          </>
        ) : (
          <span className={classes.lost}>
            <IconPlugConnectedX size={13} aria-hidden /> Connection lost, trying again
          </span>
        )}
      </span>
      <UnstyledButton className={classes.bottomButton} onClick={() => onShow("jobs")} aria-label="Jobs">
        {running[0] ? (
          <Running job={running[0]} more={running.length - 1} />
        ) : (
          <span>{idleWords(jobs.length)}</span>
        )}
      </UnstyledButton>
      <span className={classes.bottomEnd}>
        <FailedTask />
        {unsaved > 0 && (
          <UnstyledButton className={classes.bottomButton} onClick={() => onShow("drafts")}>
            <span className={classes.unsaved}>
              <IconPencil size={13} aria-hidden /> {count(unsaved, "record")} not saved
            </span>
          </UnstyledButton>
        )}
        {savedAt !== undefined && <span>Saved {clock(savedAt)}</span>}
        {last && (
          <Tooltip label={`Undo: ${last.summary}`}>
            <UnstyledButton
              className={classes.bottomButton}
              onClick={() => void undoLast()}
              aria-label="Undo the last change"
            >
              <IconArrowBackUp size={13} aria-hidden />{" "}
              <span className={classes.undoText}>{last.summary}</span> <Keys shortcut="mod+z" />
            </UnstyledButton>
          </Tooltip>
        )}
      </span>
    </footer>
  );
}

/** A scheduled task that failed, until a person has seen it. */
function FailedTask() {
  const failed = useFailedTasks();
  const go = useGoToTask();
  const first = failed[0];
  if (!first) return null;
  return (
    <UnstyledButton className={classes.bottomButton} onClick={() => go(first)}>
      <span className={classes.lost}>
        <IconAlertTriangle size={13} aria-hidden />{" "}
        {failed.length === 1 ? `${first.title} failed` : `${failed.length} scheduled tasks failed`}
      </span>
    </UnstyledButton>
  );
}

function idleWords(finished: number): string {
  return finished === 0 ? "No jobs" : `No job running · ${count(finished, "job")} finished`;
}

function Running({ job, more }: { job: Job; more: number }) {
  const ratio = job.total ? job.done / job.total : undefined;
  return (
    <>
      <span className={classes.miniBar} data-unknown={ratio === undefined || undefined}>
        <span style={{ width: `${(ratio ?? 0.4) * 100}%` }} />
      </span>
      <span className={classes.jobTitle}>
        {job.title}
        {ratio !== undefined && ` · ${percent(ratio)}`}
        {more > 0 && ` · and ${more} more`}
      </span>
    </>
  );
}
