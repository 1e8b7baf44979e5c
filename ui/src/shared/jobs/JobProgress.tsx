/** Progress always says what is being done, how much of how much, how fast, how long still. */
import { Button, Progress } from "@mantine/core";
import { asApiError, type Job } from "@/ipc";
import { showError } from "../ui/toasts";
import { bytes, duration, number, rateText } from "../words/words";
import { cancelJob } from "./jobs";
import classes from "./jobs.module.css";

export function amount(job: Job, value: number): string {
  return job.unit === "bytes" ? bytes(value) : `${number(value)} ${job.unit}`;
}

/** A running job: a bar, a sentence, and Cancel. */
export function JobProgress({ job }: { job: Job }) {
  const stop = () => {
    cancelJob(job.id).catch((thrown: unknown) => showError(asApiError(thrown)));
  };
  const parts = [
    job.phase,
    job.total ? `${amount(job, job.done)} of ${amount(job, job.total)}` : amount(job, job.done),
    job.rate > 0 && rateText(job.rate, job.unit),
    job.secondsLeft !== undefined && `${duration(job.secondsLeft)} left`,
  ];
  return (
    <div>
      <Progress
        value={job.total ? (100 * job.done) / job.total : 100}
        animated={!job.total}
        striped={!job.total}
        size="sm"
        aria-label={`Progress of ${job.title}`}
        mb={6}
      />
      <div className={classes.line}>
        <span className="dim">{parts.filter(Boolean).join(" · ")}</span>
        <Button variant="default" size="compact-xs" onClick={stop}>
          Cancel
        </Button>
      </div>
    </div>
  );
}
