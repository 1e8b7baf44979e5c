import { expect, it } from "vitest";
import type { Job } from "@/ipc";
import { mergeJob } from "./jobs";

function job(id: string, state: Job["state"], done = 0): Job {
  return { id, state, done, kind: "import", title: id, phase: "", unit: "rows", rate: 0, startedAt: "" };
}

it("puts new jobs first and replaces known ones in place", () => {
  const list = mergeJob(mergeJob([], job("a", "running")), job("b", "running"));
  expect(list.map((item) => item.id)).toEqual(["b", "a"]);
  expect(mergeJob(list, job("a", "done", 5)).map((item) => item.done)).toEqual([0, 5]);
});

it("does not let a late progress event bring a finished job back", () => {
  const list = [job("a", "done", 5)];
  expect(mergeJob(list, job("a", "running", 4))).toBe(list);
});
