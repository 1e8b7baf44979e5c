/** What runs on a schedule, how it ended last, and running it now. */
import { Button } from "@mantine/core";
import { useState } from "react";
import { asApiError, call, type TaskEntry } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { outcomeOf } from "@/shared/jobs/jobs";
import { FailedTasks } from "@/shared/tasks/FailedTasks";
import { Loaded, Panel, StateMark, showError, showSaved } from "@/shared/ui";
import { when } from "@/shared/words/words";
import classes from "./settings.module.css";

export function TasksPanel({ readOnly }: { readOnly: boolean }) {
  const tasks = useCall("tasks.list", {});
  return (
    <Panel title="Scheduled tasks">
      <FailedTasks place="/settings" />
      <Loaded query={tasks} rows={5}>
        {(now) => (
          <ul className={classes.tasks}>
            {now.tasks.map((task) => (
              <Task key={task.name} task={task} readOnly={readOnly} />
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function Task({ task, readOnly }: { task: TaskEntry; readOnly: boolean }) {
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      const done = await outcomeOf(await call("tasks.run", { name: task.name }), "task");
      showSaved(done.message ?? `${task.title}: done.`);
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <li aria-label={task.title}>
      <div>
        <div>{task.title}</div>
        <div className="dim">{planned(task)}</div>
        <Ended task={task} />
      </div>
      <Button
        variant="default"
        size="compact-sm"
        disabled={readOnly}
        loading={busy}
        aria-label={`Run now: ${task.title}`}
        onClick={() => void run()}
      >
        Run now
      </Button>
    </li>
  );
}

function planned(task: TaskEntry): string {
  if (!task.schedule) return "Not scheduled";
  const next = task.nextAt ? Date.parse(task.nextAt) : undefined;
  if (next === undefined) return `Schedule: ${task.schedule}`;
  return next <= Date.now() ? "Due now" : `Next run: ${when(task.nextAt ?? "")}`;
}

function Ended({ task }: { task: TaskEntry }) {
  if (!task.startedAt) return <div className="dim">Has not run yet</div>;
  if (!task.finishedAt) return <StateMark tone="plain">Running since {when(task.startedAt)}</StateMark>;
  const failed = task.outcome === "failed";
  return (
    <StateMark tone={failed ? "bad" : "good"}>
      {failed ? "Failed" : "Succeeded"} {when(task.finishedAt)}
      {task.message ? `: ${task.message}` : ""}
    </StateMark>
  );
}
