/** Figures as words. Pure. */
import type { Metric, MetricState } from "@/ipc";
import type { Tone } from "@/shared/ui";
import { number, percent } from "@/shared/words/words";

export function metricValue(metric: Metric): string {
  if (metric.value === undefined) return "not measured";
  return inUnit(metric, metric.value);
}

export function metricTarget(metric: Metric): string {
  return metric.unit === "days"
    ? `at most ${inUnit(metric, metric.target)}`
    : `at least ${inUnit(metric, metric.target)}`;
}

function inUnit(metric: Metric, value: number): string {
  if (metric.unit === "ratio") return percent(value);
  const days = Math.round(value * 10) / 10;
  return `${number(Math.round(days))} ${Math.round(days) === 1 ? "day" : "days"}`;
}

export const stateTones: Record<MetricState, Tone> = { good: "good", bad: "bad", unknown: "plain" };

export const stateWords: Record<MetricState, string> = {
  good: "on target",
  bad: "below target",
  unknown: "unknown",
};

export function stateWord(metric: Metric): string {
  return metric.state === "bad" && metric.unit === "days" ? "too old" : stateWords[metric.state];
}

/** How far a figure is on its way, for a bar with the target marked. */
export function metricBar(metric: Metric): { value: number; target: number } | undefined {
  if (metric.value === undefined) return undefined;
  if (metric.unit === "ratio") return { value: metric.value, target: metric.target };
  const span = Math.max(metric.value, metric.target) * 1.25 || 1;
  return { value: metric.value / span, target: metric.target / span };
}
