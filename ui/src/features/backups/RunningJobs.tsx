/** What runs right now, in the page: progress and Cancel. What is over at once does not move the page. */
import { JobProgress } from "@/shared/jobs/JobProgress";
import { Panel, useSlow } from "@/shared/ui";
import { useRunning } from "./actions";
import classes from "./backups.module.css";

export function RunningJobs() {
  const running = useRunning();
  const slow = useSlow(running.length > 0, 500);
  if (!slow) return null;
  return (
    <>
      {running.map((job) => (
        <Panel key={job.id} title={job.title}>
          <div className={classes.padded}>
            <JobProgress job={job} />
          </div>
        </Panel>
      ))}
    </>
  );
}
