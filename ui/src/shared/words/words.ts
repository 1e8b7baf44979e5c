/** Numbers, counts, times and names as plain English. */

import type { JobUnit, MetricName, RunCounts } from "@/ipc";
import { locale } from "./locale";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const percentFormat = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });

export function number(value: number): string {
  return whole.format(value);
}

/** `1 record`, `12 records`. */
export function count(value: number, one: string, many = `${one}s`): string {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** Never rounds up to 100 %: what is not whole must not look whole. */
export function percent(ratio: number): string {
  if (ratio < 1 && ratio > 0.999) return percentFormat.format(0.999);
  return percentFormat.format(ratio);
}

export function bytes(value: number): string {
  const units = ["bytes", "KB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return unit === 0
    ? count(value, "byte")
    : `${size < 10 ? size.toFixed(1) : whole.format(size)} ${units[unit]}`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return count(Math.round(seconds), "second");
  if (seconds < 5400) return count(Math.round(seconds / 60), "minute");
  return count(Math.round(seconds / 3600), "hour");
}

/** How long ago in the largest unit that tells enough: `5 minutes`, `3 hours`, `9 days`. */
export function age(iso: string, now = Date.now()): string {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  if (Number.isNaN(seconds)) return iso;
  if (seconds < 60) return "less than a minute";
  if (seconds < 3600) return count(Math.floor(seconds / 60), "minute");
  if (seconds < 48 * 3600) return count(Math.floor(seconds / 3600), "hour");
  return count(Math.floor(seconds / 86400), "day");
}

/** A verification that is older says little about today's backups. */
const verificationLasts = 7 * 86400 * 1000;

/** The last verified restore is too old, or there is none. */
export function isVerificationOld(verifiedAt: string | undefined, now = Date.now()): boolean {
  return verifiedAt === undefined || now - Date.parse(verifiedAt) > verificationLasts;
}

const timeOnly = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const dayAndTime = new Intl.DateTimeFormat(locale, {
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
});
const withYear = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "long" });

/** `just now`, `12 min ago`, `14:02`, `4 May, 14:02`. */
export function when(iso: string, now = Date.now()): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  const seconds = (now - at) / 1000;
  if (seconds < 45 && seconds > -5) return "just now";
  if (seconds < 3570 && seconds > 0) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString();
  return sameDay ? timeOnly.format(at) : dayAndTime.format(at);
}

export function exactTime(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : full.format(at);
}

/** `4 May 2026, 14:02:31`: for what is kept, where "3 min ago" says too little. */
export function stamp(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : withYear.format(at);
}

export function clock(at: number): string {
  return timeOnly.format(at);
}

/** `a`, `a and b`, `a, b and c`. */
export function sentenceList(parts: string[]): string {
  if (parts.length <= 1) return parts[0] ?? "";
  return `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

export function runSentence(counts: RunCounts): string {
  const parts = [
    counts.inserted > 0 && `${count(counts.inserted, "record")} added`,
    counts.updated > 0 && `${number(counts.updated)} updated`,
    counts.unchanged > 0 && `${number(counts.unchanged)} unchanged`,
    (counts.removed ?? 0) > 0 && `${number(counts.removed ?? 0)} removed`,
    (counts.waitingAlready ?? 0) > 0 && `${number(counts.waitingAlready ?? 0)} waiting in quarantine already`,
    counts.quarantined > 0 && `${number(counts.quarantined)} put into quarantine`,
  ].filter((part): part is string => part !== false);
  return parts.length === 0 ? "Nothing was read." : `${sentenceList(parts)}.`;
}

export function rateText(rate: number, unit: JobUnit): string {
  return unit === "bytes" ? `${bytes(rate)}/s` : `${number(rate)} ${unit}/s`;
}

const ruleWords: Record<string, string> = {
  required: "is missing",
  type: "has the wrong type",
  placeholder: "holds placeholder content",
  minLength: "is too short",
  maxLength: "is too long",
  pattern: "has the wrong form",
  enum: "is not one of the choices",
  minimum: "is too low",
  exclusiveMinimum: "is too low",
  maximum: "is too high",
  exclusiveMaximum: "is too high",
  format: "has the wrong format",
  uniqueItems: "repeats an item",
  minItems: "has too few items",
  maxItems: "has too many items",
  duplicate_key: "repeats a key",
  missing_key: "has no key",
  exists: "exists already",
  syntax: "cannot be read",
  duplicate_field: "stands twice",
  columns: "has more or fewer values than the table has columns",
  "mapping.number": "cannot be read as a number",
  "mapping.date": "cannot be read as a date",
  "mapping.boolean": "cannot be read as yes or no",
  "mapping.lookup": "is not in the lookup table",
  "mapping.unmapped": "is not used by the mapping",
};

/** What breaking a rule means; the rule's own name where there is no better word. */
export function ruleText(rule: string): string {
  return ruleWords[rule] ?? `breaks "${rule}"`;
}

export const metricWords: Record<MetricName, string> = {
  completeness: "Completeness",
  adherence: "Adherence",
  uniqueness: "Uniqueness",
  freshness: "Freshness",
};

const abbreviations = new Set(["api", "ip", "iso", "json", "soc", "uri", "url", "utc", "uuid"]);

/** `average_salary` as `Average salary`, `soc_code` as `SOC code`. */
export function fieldTitle(name: string): string {
  const words = (/\s|\.$/.test(name) ? name : (name.split(".").at(-1) ?? name))
    .replace(/[_-]+/g, " ")
    .trim()
    .replace(/\b[a-z]+\b/g, (word) => (abbreviations.has(word) ? word.toUpperCase() : word));
  return words === "" ? name : words.charAt(0).toUpperCase() + words.slice(1);
}
