/** The search that reads every record: started by a person, and forgotten when the search or the filter is another one. */
import { useCallback, useState } from "react";
import { asApiError, call, type Filter, type Job, type RecordsFound } from "@/ipc";
import { outcomeOf, useJob } from "@/shared/jobs/jobs";
import { showError } from "@/shared/ui";

type State = { what: string; jobId?: string; found?: RecordsFound };

export type SearchEverywhere = {
  found: RecordsFound | undefined;
  job: Job | undefined;
  start: () => void;
  leave: () => void;
};

export function useSearchEverywhere(
  collection: string,
  text: string | undefined,
  filter: Filter | undefined,
): SearchEverywhere {
  const what = JSON.stringify([collection, text, filter]);
  const [last, setLast] = useState<State>();
  const state = last?.what === what ? last : undefined;
  const job = useJob(state?.found ? undefined : state?.jobId);
  const leave = useCallback(() => setLast(undefined), []);
  const start = useCallback(() => {
    const run = async () => {
      const request = { collection, text: text ?? "", ...(filter ? { filter } : {}) };
      const started = await call("records.searchEverywhere", request);
      setLast({ what, jobId: started.jobId });
      const found = await outcomeOf(started, "found");
      setLast((now) => (now?.jobId === started.jobId ? { ...now, found } : now));
    };
    run().catch((thrown: unknown) => {
      const error = asApiError(thrown);
      setLast(undefined);
      if (error.code !== "cancelled") showError(error);
    });
  }, [collection, text, filter, what]);
  return { found: state?.found, job: job?.state === "running" ? job : undefined, start, leave };
}
