/** What runs on a schedule and failed, until a person has seen it. */
import { useNavigate } from "@tanstack/react-router";
import type { TaskEntry } from "@/ipc";
import { keptEntries } from "../data/kept";
import { useCall } from "../data/queries";
import { useWorkspace } from "../data/workspace";

/** By workspace and task: when the run began whose failure was seen. */
type Seen = { of: string; startedAt: string };
const seen = keptEntries<Seen>("steward.seenTask.", (_, value) => {
  const { of, startedAt } = (value ?? {}) as Partial<Seen>;
  return typeof of === "string" && typeof startedAt === "string" ? { of, startedAt } : undefined;
});

const ofBackups = ["backup", "increment", "verification"];

/** Where a task belongs: its failures are shown there. */
export function placeOf(task: string): "/backups" | "/settings" {
  return ofBackups.includes(task) ? "/backups" : "/settings";
}

export function useTasks(): TaskEntry[] {
  return useCall("tasks.list", {}).data?.tasks ?? [];
}

/** Tasks whose last run failed, and which nobody has marked as seen since. */
export function useFailedTasks(): TaskEntry[] {
  const address = useWorkspace()?.address ?? "";
  const read = seen.useAll();
  return useTasks().filter(
    ({ name, outcome, startedAt }) =>
      outcome === "failed" &&
      !read.some((one) => one.of === `${address} ${name}` && one.startedAt === startedAt),
  );
}

export function useMarkSeen(): (task: TaskEntry) => void {
  const address = useWorkspace()?.address ?? "";
  return ({ name, startedAt }) =>
    seen.keep(`${address} ${name}`, { of: `${address} ${name}`, startedAt: startedAt ?? "" });
}

export function useGoToTask(): (task: TaskEntry) => void {
  const navigate = useNavigate();
  return ({ name }) => void navigate({ to: placeOf(name) });
}
