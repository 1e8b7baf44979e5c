/** The import runs: how far, how fast, how long still, and Cancel. */
import { Button, Text } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { type ApiError, asApiError, call, type ImportPlan, type RunRecord } from "@/ipc";
import { JobProgress } from "@/shared/jobs/JobProgress";
import { outcomeOf, useJob } from "@/shared/jobs/jobs";
import { Panel, Problem } from "@/shared/ui";
import { rememberRun } from "@/shared/undo/undo";
import { runSentence } from "@/shared/words/words";
import classes from "./imports.module.css";

type ApplyProps = {
  plan: ImportPlan;
  /** The run has begun: from now on it is on the list of imports. */
  onBegun?: () => void;
  onDone: (run: RunRecord) => void;
  onBack: () => void;
};

export function ApplyStep({ plan, onBegun, onDone, onBack }: ApplyProps) {
  const [jobId, setJobId] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const started = useRef(false);
  const job = useJob(jobId);
  const done = useRef(onDone);
  done.current = onDone;
  const begins = useRef(onBegun);
  begins.current = onBegun;
  const here = useRef(true);
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
        const begun = await call("imports.apply", { planId: plan.planId });
        setJobId(begun.jobId);
        begins.current?.();
        const run = await outcomeOf(begun, "run");
        rememberRun(run, `Import finished: ${runSentence(run.counts)}`);
        // A person who went elsewhere meanwhile stays there: the message at the bottom tells of the end.
        if (here.current) done.current(run);
      } catch (thrown) {
        setError(asApiError(thrown));
      }
    };
    void work();
  }, [plan]);

  if (error) {
    return (
      <div className={classes.step}>
        <Problem error={error} />
        <Button variant="default" onClick={onBack}>
          Plan again
        </Button>
      </div>
    );
  }
  return (
    <Panel title={job?.title ?? "Importing"}>
      <div className={classes.padded}>
        {job && <JobProgress job={job} />}
        <Text size="sm" c="dimmed" mt="sm">
          You can keep working elsewhere. The status bar shows the progress.
        </Text>
      </div>
    </Panel>
  );
}
