/** Work in the background: the list of jobs lives in the query cache, fed by events; a caller can await an outcome. */
import {
  type ApiError,
  asApiError,
  CallError,
  call,
  type Job,
  type JobOutcome,
  type JobStarted,
  type Jobs,
} from "@/ipc";
import { queryClient, useCall } from "../data/queries";

const listKey = ["jobs.list", {}] as const;
const waiting = new Map<string, Set<(job: Job) => void>>();

export function useJobs(): Job[] {
  return useCall("jobs.list", {}).data?.jobs ?? [];
}

export function useJob(id: string | undefined): Job | undefined {
  return useJobs().find((job) => job.id === id);
}

/** Newest first; a job that is reported again takes the place of its earlier state. */
export function mergeJob(jobs: Job[], job: Job): Job[] {
  const known = jobs.find((other) => other.id === job.id);
  if (known && known.state !== "running" && job.state === "running") return jobs;
  if (known) return jobs.map((other) => (other.id === job.id ? job : other));
  return [job, ...jobs];
}

export function applyJob(job: Job): void {
  queryClient.setQueryData<Jobs>(listKey, (list) => ({ jobs: mergeJob(list?.jobs ?? [], job) }));
  if (job.state === "running") return;
  for (const resolve of waiting.get(job.id) ?? []) resolve(job);
  waiting.delete(job.id);
}

/** Waits until a job is no longer running. Asks now and then as well, in case an event was missed. */
export function jobEnd(id: string): Promise<Job> {
  return new Promise((resolve) => {
    const timer = setInterval(() => void look(), 1000);
    const finish = (job: Job) => {
      clearInterval(timer);
      resolve(job);
    };
    const look = async () => {
      try {
        const job = await call("jobs.get", { jobId: id });
        applyJob(job);
      } catch (thrown) {
        const error = asApiError(thrown);
        if (error.code === "notFound") finish(lostJob(id, error));
      }
    };
    const resolvers = waiting.get(id) ?? new Set();
    resolvers.add(finish);
    waiting.set(id, resolvers);
    void look();
  });
}

function lostJob(id: string, error: ApiError): Job {
  return {
    id,
    kind: "plan",
    title: "",
    phase: "",
    state: "failed",
    done: 0,
    unit: "records",
    rate: 0,
    startedAt: "",
    error,
  };
}

type Outcome<K extends JobOutcome["outcome"]> = Extract<JobOutcome, { outcome: K }>["value"];

/** The outcome of a started job, or its error thrown. */
export async function outcomeOf<K extends JobOutcome["outcome"]>(
  started: JobStarted,
  kind: K,
): Promise<Outcome<K>> {
  const outcome = await anyOutcomeOf(started);
  if (outcome.outcome === kind) return outcome.value as Outcome<K>;
  throw withoutOutcome(started.jobId);
}

/** Whatever a started job left, or its error thrown. */
export async function anyOutcomeOf(started: JobStarted): Promise<JobOutcome> {
  const job = await jobEnd(started.jobId);
  if (job.outcome) return job.outcome;
  if (job.error) throw new CallError(job.error);
  if (job.state === "cancelled") {
    throw new CallError({ code: "cancelled", message: "Cancelled. Nothing more was changed." });
  }
  throw withoutOutcome(job.id);
}

function withoutOutcome(id: string): CallError {
  return new CallError({
    code: "internal",
    message: "The job ended without a result.",
    details: `job ${id}`,
  });
}

export async function cancelJob(id: string): Promise<void> {
  applyJob(await call("jobs.cancel", { jobId: id }));
}
