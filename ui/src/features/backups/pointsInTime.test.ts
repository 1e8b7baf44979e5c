import { expect, test } from "vitest";
import type { BackupTimeline } from "@/ipc";
import {
  extentOf,
  gapAt,
  isReachable,
  nearest,
  placeOf,
  pointInTimeAt,
  pointsInTimeSentence,
  readPointInTime,
  spans,
  ticksOf,
  writePointInTime,
} from "./pointsInTime";

const timeline: BackupTimeline = {
  ranges: [
    { from: "2026-11-22T10:00:00.000Z", until: "2026-11-22T10:30:00.400Z" },
    { from: "2026-11-22T11:00:00.250Z", until: "2026-11-22T11:00:00.250Z" },
  ],
  gaps: [
    { from: "2026-11-22T10:30:00.400Z", until: "2026-11-22T11:00:00.250Z", why: "No increments were taken." },
  ],
  bases: [],
  increments: [],
  notes: [],
};
const ranges = spans(timeline.ranges);
const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);

test("the axis runs from the first point in time to now", () => {
  const extent = extentOf(timeline, at("12:00:00"));
  if (!extent) throw new Error("there is something to show");
  expect(extent.from).toBeLessThan(at("10:00:00"));
  expect(extent.until).toBeGreaterThan(at("12:00:00"));
  expect(placeOf(extent.from - 1, extent)).toBe(0);
  expect(placeOf(pointInTimeAt(0.25, extent), extent)).toBeCloseTo(25);
  expect(ticksOf(extent).length).toBeLessThanOrEqual(9);
  expect(ticksOf(extent).length).toBeGreaterThan(2);
  expect(extentOf({ ...timeline, ranges: [], gaps: [] }, 0)).toBeUndefined();
});

test("a point in time that cannot be reached gives way to the nearest that can", () => {
  expect(isReachable(at("10:15:00"), ranges)).toBe(true);
  expect(nearest(at("10:15:00.300"), ranges)).toBe(at("10:15:00"));
  expect(nearest(at("10:31:00"), ranges)).toBe(at("10:30:00.400"));
  expect(nearest(at("10:59:00"), ranges)).toBe(at("11:00:00.250"));
  expect(nearest(0, [])).toBeUndefined();
  expect(gapAt(at("10:45:00"), timeline)?.why).toBe("No increments were taken.");
  expect(gapAt(at("10:15:00"), timeline)).toBeUndefined();
});

test("a point in time is written and read in local time", () => {
  expect(readPointInTime(writePointInTime(at("10:15:07")))).toBe(at("10:15:07"));
  expect(readPointInTime("nonsense")).toBeUndefined();
  expect(pointsInTimeSentence(timeline)).toBe("2 restorable ranges, 1 gap, 0 full backups.");
});
