/** Runs and problems as words. Pure. */
import type {
  Duplicates,
  Examined,
  FileHandle,
  Format,
  ImportMode,
  ImportPreview,
  PlanImport,
  ProblemCount,
  RunCounts,
  RunFile,
  RunRecord,
  RunState,
} from "@/ipc";
import type { Tone } from "@/shared/ui";
import { count, fieldTitle, number, ruleText, sentenceList } from "@/shared/words/words";

/** Everything that a plan is made from. */
export type ImportChoice = Omit<PlanImport, "full">;

/** Stands for no schema in a list of schemas. */
export const noSchema = "without";

/** At least one of the files has rows. */
export function isReadable(preview: ImportPreview): boolean {
  return preview.files.some(({ source }) => source.format !== "empty" && source.format !== "unknown");
}

/** A collection called like the file. */
export function nameFor(preview: ImportPreview): string {
  const name = preview.files[0]?.file.name ?? "records";
  return name
    .replace(/\.[^.]+$/, "")
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .toLowerCase();
}

export function guessKey(preview: ImportPreview): string {
  const fields = preview.files[0]?.fields ?? [];
  return (
    fields.find((field) => field === "_id" || field === "id") ??
    fields.find((field) => field.endsWith("_id")) ??
    ""
  );
}

export const stateTones: Record<RunState, Tone> = {
  running: "accent",
  done: "good",
  cancelled: "warn",
  failed: "bad",
  interrupted: "warn",
  undoing: "accent",
  halfUndone: "warn",
  undone: "plain",
};

export const stateWords: Record<RunState, string> = {
  running: "running",
  done: "done",
  cancelled: "cancelled",
  failed: "failed",
  interrupted: "interrupted",
  undoing: "being undone",
  halfUndone: "undo interrupted",
  undone: "undone",
};

const formatWords: Record<Format, string> = {
  jsonArray: "JSON, a list of records",
  jsonObject: "JSON",
  ndjson: "NDJSON, one record per line",
  csv: "separated values",
  excel: "Excel workbook",
  ods: "OpenDocument sheet",
  sqlite: "SQLite table",
  bson: "BSON",
  mongodump: "mongodump archive",
  collection: "database collection",
  empty: "empty file",
  unknown: "unknown format",
};

/** What a file is, from the outside in: `gzip`, `separated values ;`, `windows-1252`, `table careers`. */
export function sourceWords(source: Examined): string[] {
  const delimiter = source.dialect?.delimiter === "\\t" ? "tab" : source.dialect?.delimiter;
  return [
    source.compression,
    delimiter ? `${formatWords[source.format]}, ${delimiter}` : formatWords[source.format],
    source.encoding === "UTF-8" ? "" : source.encoding,
    source.part ?? "",
  ].filter((word) => word !== "");
}

export const modeWords: Record<ImportMode, [string, string]> = {
  upsert: ["Add and replace", "A record with an existing key replaces the existing record."],
  merge: ["Add and merge", "Only the fields in the file are updated. Other fields keep their values."],
  insert: ["Add only", "A record with an existing key goes to quarantine."],
  replace: ["Replace everything", "All other records are removed. Undoing the import restores them."],
};

/** What can be done with rows that share a key; `default` leaves it to the schema. */
export const duplicateWords: Record<"default" | Duplicates["keep"], string> = {
  default: "as the schema says",
  ask: "send later ones to quarantine",
  first: "keep the first",
  last: "keep the last",
  newest: "keep the newest",
};

/** The policy of that name. */
export function duplicatesOf(name: string, fields: string[]): Duplicates | undefined {
  switch (name) {
    case "ask":
    case "first":
    case "last":
      return { keep: name };
    case "newest":
      return { keep: "newest", field: fields.find((field) => /(_at|date|time)$/i.test(field)) ?? "" };
    default:
      return undefined;
  }
}

/** It did not finish, and what it loaded is still there. */
export function canGoOn(run: RunRecord): boolean {
  return ["interrupted", "cancelled", "failed"].includes(run.state);
}

/** Files that were picked again, in the order of the run; those of other names come last, as they were picked. */
export function inOrderOf(files: RunFile[], picked: FileHandle[]): FileHandle[] {
  const named = files.flatMap((file) => picked.find((one) => one.name === file.name) ?? []);
  return [...named, ...picked.filter((one) => !named.includes(one))];
}

export function runTitle(run: RunRecord): string {
  return run.files.map((file) => file.name).join(", ");
}

/** `12 rows were put into quarantine: 9 have no salary, 3 repeat an id.` */
export function quarantineSentence(counts: RunCounts, problems: ProblemCount[]): string {
  if (counts.quarantined === 0) return "";
  const rows = `${count(counts.quarantined, "row")} ${counts.quarantined === 1 ? "was" : "were"} put into quarantine`;
  const reasons = problems.slice(0, 3).map((problem) => `${number(problem.rows)} ${reason(problem)}`);
  if (reasons.length === 0) return `${rows}.`;
  const more = problems.length > 3 ? ["others break other rules"] : [];
  return `${rows}: ${sentenceList([...reasons, ...more])}.`;
}

function reason({ field, rule, rows }: ProblemCount): string {
  const name = fieldTitle(field).toLowerCase();
  const has = rows === 1 ? "has" : "have";
  switch (rule) {
    case "required":
      return `${has} no ${name}`;
    case "duplicate_key":
      return rows === 1 ? "repeats a key" : "repeat a key";
    case "missing_key":
      return `${has} no key`;
    case "syntax":
      return "cannot be read";
    case "exists":
      return rows === 1 ? "already exists" : "already exist";
    case "placeholder":
      return `${rows === 1 ? "contains" : "contain"} placeholder content in ${name}`;
    default:
      return `where ${name} ${ruleText(rule)}`;
  }
}
