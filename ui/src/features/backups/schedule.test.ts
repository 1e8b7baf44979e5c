import { expect, it } from "vitest";
import { asKind, isComplete, readCron, scheduleWords, writeCron } from "./schedule";

it("reads the simple choices out of cron expressions and writes them back", () => {
  for (const [cron, schedule] of [
    [undefined, { kind: "off" }],
    ["15 * * * *", { kind: "hourly", minute: 15 }],
    ["30 4 * * *", { kind: "daily", time: "04:30" }],
    ["5 23 * * 1", { kind: "weekly", day: 1, time: "23:05" }],
    ["*/10 * * * *", { kind: "cron", text: "*/10 * * * *" }],
    ["0 2 1 * *", { kind: "cron", text: "0 2 1 * *" }],
    ["0 2 * * 1-5", { kind: "cron", text: "0 2 * * 1-5" }],
    ["99 2 * * *", { kind: "cron", text: "99 2 * * *" }],
  ] as const) {
    expect(readCron(cron)).toEqual(schedule);
    expect(writeCron(readCron(cron))).toBe(cron);
  }
  expect(readCron("0 2 * * 7")).toEqual({ kind: "weekly", day: 0, time: "02:00" });
});

it("knows what is not complete", () => {
  expect(isComplete({ kind: "off" })).toBe(true);
  expect(isComplete({ kind: "daily", time: "" })).toBe(false);
  expect(isComplete({ kind: "daily", time: "24:00" })).toBe(false);
  expect(isComplete({ kind: "cron", text: "  " })).toBe(false);
});

it("keeps the time when the kind changes", () => {
  const daily = { kind: "daily", time: "04:30" } as const;
  expect(asKind(daily, "weekly", "02:00")).toEqual({ kind: "weekly", day: 0, time: "04:30" });
  expect(asKind({ kind: "off" }, "daily", "02:00")).toEqual({ kind: "daily", time: "02:00" });
  expect(asKind(daily, "cron", "02:00")).toEqual({ kind: "cron", text: "30 4 * * *" });
});

it("says when, for people", () => {
  expect(scheduleWords(undefined)).toBe("not scheduled");
  expect(scheduleWords("0 * * * *")).toBe("every hour");
  expect(scheduleWords("0 2 * * *")).toBe("every day at 02:00");
  expect(scheduleWords("0 2 * * 1")).toBe("every Monday at 02:00");
  expect(scheduleWords("0 2 1 * *")).toBe("cron 0 2 1 * *");
});
