/** Which entries are meant, and how an entry is called. Pure. */
import type {
  Ext,
  ExtObject,
  QuarantineEntry,
  QuarantineFilter,
  QuarantineSelection,
  QuarantineStats,
  QuarantineStatus,
  Violation,
} from "@/ipc";
import type { QuarantineSearch } from "@/shared/nav";
import { isObject, plainText } from "@/shared/value/model";
import { pointerToPath, segmentsOf } from "@/shared/value/path";
import { fieldTitle, ruleText, stamp } from "@/shared/words/words";

export type FixRequest = {
  selection: QuarantineSelection;
  /** How many rows are meant; nothing where the plan has yet to count them. */
  size: number | undefined;
  field: string;
  rule?: string | undefined;
  /** The wrong value to begin with: it and those that are alike are replaced. */
  value?: Ext | undefined;
  /** The schema of the rows, for the names and types of fields. */
  schema: string;
  fields: string[];
};

const statuses: readonly QuarantineStatus[] = ["waiting", "released", "discarded"];

/** How the address says that rows were loaded without a schema. */
export const withoutSchema = "none";

export function filterOfSearch(search: QuarantineSearch): QuarantineFilter {
  const status = statuses.find((name) => name === search.status);
  return {
    ...(search.rule ? { rule: search.rule } : {}),
    ...(search.field ? { field: search.field } : {}),
    ...(search.run ? { runId: search.run } : {}),
    ...(search.file ? { file: search.file } : {}),
    ...(search.schema ? { schema: search.schema === withoutSchema ? "" : search.schema } : {}),
    status: status ?? "waiting",
  };
}

/** A condition of the address in words, and the parts of the address that it stands for. */
export type Condition = { words: string; parts: (keyof QuarantineSearch)[] };

export function conditionsOf(search: QuarantineSearch): Condition[] {
  const { rule, field, file, run, schema } = search;
  const problem = [field && fieldTitle(field), rule && ruleText(rule)].filter(Boolean).join(" ");
  const all: Condition[] = [];
  if (problem !== "") all.push({ words: field ? problem : `Row ${problem}`, parts: ["rule", "field"] });
  if (file) all.push({ words: file, parts: ["file"] });
  if (schema) all.push({ words: schema === withoutSchema ? "Without a schema" : schema, parts: ["schema"] });
  if (run) all.push({ words: `Import of ${importTime(run)}`, parts: ["run"] });
  return all;
}

/** A name for the row: its title, else its first text, else its raw text. */
export function entryTitle(entry: QuarantineEntry): string {
  const document = entry.document;
  if (isObject(document)) {
    const named =
      document.title ?? document.name ?? Object.values(document).find((value) => typeof value === "string");
    const text = plainText(named);
    if (text !== "") return text;
  }
  return entry.raw.slice(0, 120) || `row ${entry.rowNumber}`;
}

/** What can be edited of an entry: its record, or the object that its raw text holds, or nothing yet. */
export function editable(entry: QuarantineEntry): ExtObject {
  if (isObject(entry.document)) return entry.document;
  try {
    const parsed: unknown = JSON.parse(entry.raw);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as ExtObject)
      : {};
  } catch {
    return {};
  }
}

export function rawText(entry: QuarantineEntry): string {
  if (entry.rawBase64) return entry.raw;
  try {
    return JSON.stringify(JSON.parse(entry.raw), null, 2);
  } catch {
    return entry.raw;
  }
}

/** The value was read with doubt: a person may say that it is right as it is. */
export function isConfirmable(violation: Violation): boolean {
  const rules = ["syntax", "unreadable", "columns", "duplicate_field"];
  return (
    violation.pointer !== "" && (rules.includes(violation.rule) || violation.rule.startsWith("mapping."))
  );
}

/** Nothing is wrong with the row but that another one has its key. */
export function isKeyTaken(entry: QuarantineEntry): boolean {
  const rules = entry.errors.map((error) => error.rule);
  return rules.length > 0 && rules.every((rule) => rule === "duplicate_key" || rule === "exists");
}

/** What is to be fixed: the field that is chosen, or the one that is wrong most often. */
export function fixOf(
  selection: QuarantineSelection,
  size: number,
  filter: QuarantineFilter,
  entries: readonly QuarantineEntry[],
): FixRequest {
  const errors = entries.flatMap((entry) => entry.errors);
  const about = errors.filter(
    (error) =>
      (!filter.field || fieldOf(error) === filter.field) && (!filter.rule || error.rule === filter.rule),
  );
  const common = mostCommon(about.map((error) => pointerToPath(error.pointer)).filter((path) => path !== ""));
  const field = common ?? filter.field ?? "";
  return {
    selection,
    size,
    field,
    rule:
      filter.rule ?? mostCommon(errors.filter((e) => pointerToPath(e.pointer) === field).map((e) => e.rule)),
    schema: mostCommon(entries.map((entry) => entry.schema)) ?? "",
    fields: [
      ...new Set(entries.flatMap((entry) => (isObject(entry.document) ? Object.keys(entry.document) : []))),
    ],
  };
}

function fieldOf(error: Violation): string {
  return segmentsOf(pointerToPath(error.pointer))[0] ?? "";
}

export function mostCommon(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** The one source file that the rows shown are from. */
export function fileOf(search: QuarantineSearch, stats: QuarantineStats | undefined): string | undefined {
  if (search.file) return search.file;
  return stats?.byFile.length === 1 ? stats.byFile[0]?.name : undefined;
}

/** When an import began: its id starts with the seconds since 1970, in hexadecimal digits. */
export function importTime(run: string): string {
  const seconds = Number.parseInt(run.slice(0, 8), 16);
  return Number.isNaN(seconds) ? run : stamp(new Date(seconds * 1000).toISOString());
}
