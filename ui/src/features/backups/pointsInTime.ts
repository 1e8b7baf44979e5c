/** Which points in time can be restored, as places on an axis of time. Pure. */
import type { BackupTimeline } from "@/ipc";
import { count } from "@/shared/words/words";

/** Milliseconds since 1970. */
export type Span = { from: number; until: number };

export function spans(list: readonly { from: string; until: string }[]): Span[] {
  return list.map((one) => ({ from: Date.parse(one.from), until: Date.parse(one.until) }));
}

/** What the axis shows: from the first point that can be reached, or a gap before it, to now. */
export function extentOf(timeline: BackupTimeline, now: number): Span | undefined {
  const all = [...spans(timeline.ranges), ...spans(timeline.gaps)];
  if (all.length === 0) return undefined;
  const from = Math.min(...all.map((one) => one.from));
  const until = Math.max(now, ...all.map((one) => one.until));
  // A single point needs some room around it.
  const room = Math.max(60_000, (until - from) * 0.02);
  return { from: from - room, until: until + room };
}

/** The place of a point in time on the axis, from 0 to 100. */
export function placeOf(at: number, extent: Span): number {
  const share = (at - extent.from) / (extent.until - extent.from);
  return Math.min(100, Math.max(0, share * 100));
}

export function pointInTimeAt(share: number, extent: Span): number {
  return extent.from + share * (extent.until - extent.from);
}

export function isReachable(at: number, ranges: readonly Span[]): boolean {
  return ranges.some((range) => range.from <= at && at <= range.until);
}

/** The point in time that can be restored and is the nearest to this one; whole seconds where there are some. */
export function nearest(at: number, ranges: readonly Span[]): number | undefined {
  const whole = Math.round(at / 1000) * 1000;
  if (isReachable(whole, ranges)) return whole;
  const within = ranges.map((range) => Math.min(range.until, Math.max(range.from, at)));
  const sorted = within.toSorted((one, other) => Math.abs(one - at) - Math.abs(other - at));
  return sorted[0];
}

/** The gap that contains a point in time. */
export function gapAt(at: number, timeline: BackupTimeline): BackupTimeline["gaps"][number] | undefined {
  return timeline.gaps.find((gap) => Date.parse(gap.from) < at && at < Date.parse(gap.until));
}

/** Local time to the second, as a field for date and time takes it. */
export function writePointInTime(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function readPointInTime(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

const minute = 60_000;
const steps = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 10_080].map((minutes) => minutes * minute);

/** PointsInTime that the axis names: at most eight, on whole minutes, hours or days. */
export function ticksOf(extent: Span): number[] {
  const width = extent.until - extent.from;
  const step = steps.find((one) => width / one <= 8) ?? Math.ceil(width / 8 / 86_400_000) * 86_400_000;
  // Local midnight, so that days begin where people see them begin.
  const midnight = new Date(extent.from);
  midnight.setHours(0, 0, 0, 0);
  const first = Math.ceil((extent.from - midnight.getTime()) / step) * step + midnight.getTime();
  const ticks: number[] = [];
  for (let at = first; at <= extent.until; at += step) ticks.push(at);
  return ticks;
}

/** `2 restorable ranges, 1 gap, 3 full backups.` */
export function pointsInTimeSentence(timeline: BackupTimeline): string {
  const { ranges, gaps, bases } = timeline;
  const gap = gaps.length > 0 ? `, ${count(gaps.length, "gap")}` : "";
  return `${count(ranges.length, "restorable range")}${gap}, ${count(bases.length, "full backup")}.`;
}
