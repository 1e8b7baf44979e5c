import { expect, it } from "vitest";
import type { Metric } from "@/ipc";
import { metricBar, metricTarget, metricValue, stateWord } from "./model";

const metric = (part: Partial<Metric>): Metric => ({
  name: "completeness",
  target: 0.98,
  unit: "ratio",
  state: "bad",
  failing: 3,
  explanation: "",
  ...part,
});

it("writes figures in their unit", () => {
  expect(metricValue(metric({ value: 0.9712 }))).toBe("97.1%");
  expect(metricValue(metric({}))).toBe("not measured");
  expect(metricTarget(metric({ unit: "days", target: 7 }))).toBe("at most 7 days");
  expect(metricValue(metric({ unit: "days", value: 1.2 }))).toBe("1 day");
});

it("says how it stands in words", () => {
  expect(stateWord(metric({}))).toBe("below target");
  expect(stateWord(metric({ unit: "days" }))).toBe("too old");
});

it("marks the target on the bar", () => {
  expect(metricBar(metric({ value: 0.5 }))).toEqual({ value: 0.5, target: 0.98 });
  expect(metricBar(metric({ unit: "days", value: 40, target: 10 }))).toEqual({ value: 0.8, target: 0.2 });
});
