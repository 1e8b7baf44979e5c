/** Jobs: what is being done, how much of how much, how fast, how long still, and the way to stop it. */
import { IconChecklist } from "@tabler/icons-react";
import type { Job } from "@/ipc";
import { amount, JobProgress } from "@/shared/jobs/JobProgress";
import { useJobs } from "@/shared/jobs/jobs";
import { Empty, ErrorDetails, SideDrawer, StateMark, Timestamp } from "@/shared/ui";
import classes from "./shell.module.css";

export function JobTray({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const jobs = useJobs();
  return (
    <SideDrawer title="Jobs" opened={opened} onClose={onClose}>
      {jobs.length === 0 ? (
        <Empty icon={<IconChecklist size={30} stroke={1.4} />} title="No jobs yet">
          Imports, measurements, exports and backups show their progress here.
        </Empty>
      ) : (
        jobs.map((job) => <JobLine key={job.id} job={job} />)
      )}
    </SideDrawer>
  );
}

function JobLine({ job }: { job: Job }) {
  return (
    <article className={classes.job}>
      <div className={classes.jobHead}>
        <span className={classes.jobName}>{job.title}</span>
        <JobState job={job} />
      </div>
      {job.state === "running" ? <JobProgress job={job} /> : <JobEnd job={job} />}
    </article>
  );
}

function JobState({ job }: { job: Job }) {
  switch (job.state) {
    case "running":
      return <StateMark tone="accent">running</StateMark>;
    case "done":
      return <StateMark tone="good">done</StateMark>;
    case "failed":
      return <StateMark tone="bad">failed</StateMark>;
    case "cancelled":
      return <StateMark tone="warn">cancelled</StateMark>;
  }
}

function JobEnd({ job }: { job: Job }) {
  return (
    <div className="faint">
      {job.finishedAt && <Timestamp at={job.finishedAt} />} {job.done > 0 && `· ${amount(job, job.done)}`}
      {job.error && (
        <div>
          <div className={classes.jobError}>{job.error.message}</div>
          {job.error.hint && <div>{job.error.hint}</div>}
          <ErrorDetails error={job.error} />
        </div>
      )}
    </div>
  );
}
