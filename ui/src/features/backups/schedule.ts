/** When backups are taken: simple choices for people, cron for the rest. Pure. */
import { language } from "@/shared/words/locale";

export type Schedule =
  | { kind: "off" }
  | { kind: "hourly"; minute: number }
  | { kind: "daily"; time: string }
  | { kind: "weekly"; day: number; time: string }
  | { kind: "cron"; text: string };

const weekday = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });

/** From Sunday, as cron counts them: 4 January 1970 was one. */
export const dayNames = [4, 5, 6, 7, 8, 9, 10].map((day) => weekday.format(Date.UTC(1970, 0, day)));

const number = /^\d{1,2}$/;

/** What a cron expression says, as the simplest choice that says the same. */
export function readCron(expression: string | undefined): Schedule {
  const text = expression?.trim() ?? "";
  if (text === "") return { kind: "off" };
  const custom: Schedule = { kind: "cron", text };
  const [minute = "", hour = "", ofMonth, month, ofWeek = "", ...rest] = text.split(/\s+/);
  if (rest.length > 0 || ofMonth !== "*" || month !== "*") return custom;
  if (!number.test(minute) || Number(minute) > 59) return custom;
  if (hour === "*" && ofWeek === "*") return { kind: "hourly", minute: Number(minute) };
  if (!number.test(hour) || Number(hour) > 23) return custom;
  const time = `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}`;
  if (ofWeek === "*") return { kind: "daily", time };
  if (/^[0-7]$/.test(ofWeek)) return { kind: "weekly", day: Number(ofWeek) % 7, time };
  return custom;
}

/** Minute and hour as cron has them; nothing where the time cannot be read. */
function clockFields(time: string): string | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(time.trim());
  const [hour, minute] = [Number(match?.[1]), Number(match?.[2])];
  return match && hour < 24 && minute < 60 ? `${minute} ${hour}` : undefined;
}

export function writeCron(schedule: Schedule): string | undefined {
  switch (schedule.kind) {
    case "off":
      return undefined;
    case "hourly":
      return `${schedule.minute} * * * *`;
    case "daily": {
      const clock = clockFields(schedule.time);
      return clock && `${clock} * * *`;
    }
    case "weekly": {
      const clock = clockFields(schedule.time);
      return clock && `${clock} * * ${schedule.day}`;
    }
    case "cron":
      return schedule.text.trim() === "" ? undefined : schedule.text.trim();
  }
}

/** It says when, or that it is off; what cannot be read is refused here, not by the server. */
export function isComplete(schedule: Schedule): boolean {
  return schedule.kind === "off" || writeCron(schedule) !== undefined;
}

/** The same choice in another kind, with the time kept where there is one. */
export function asKind(schedule: Schedule, kind: Schedule["kind"], usualTime: string): Schedule {
  const time = "time" in schedule ? schedule.time : usualTime;
  switch (kind) {
    case "off":
      return { kind };
    case "hourly":
      return { kind, minute: 0 };
    case "daily":
      return { kind, time };
    case "weekly":
      return { kind, day: 0, time };
    case "cron":
      return { kind, text: writeCron(schedule) ?? "" };
  }
}

/** `every day at 02:00`. */
export function scheduleWords(expression: string | undefined): string {
  const schedule = readCron(expression);
  switch (schedule.kind) {
    case "off":
      return "not scheduled";
    case "hourly":
      return schedule.minute === 0
        ? "every hour"
        : `every hour at minute ${String(schedule.minute).padStart(2, "0")}`;
    case "daily":
      return `every day at ${schedule.time}`;
    case "weekly":
      return `every ${dayNames[schedule.day] ?? "week"} at ${schedule.time}`;
    case "cron":
      return `cron ${schedule.text}`;
  }
}
