/** Which entries are meant, and how an entry is called. Pure. */
import type { ExtObject, QuarantineEntry, QuarantineFilter, QuarantineStatus } from "@/ipc";
import type { QuarantineSearch } from "@/shared/nav";
import { isObject, plainText } from "@/shared/value/model";

const statuses: readonly QuarantineStatus[] = ["waiting", "released", "discarded"];

export function filterOfSearch(search: QuarantineSearch): QuarantineFilter {
  const status = statuses.find((name) => name === search.status);
  return {
    ...(search.rule ? { rule: search.rule } : {}),
    ...(search.field ? { field: search.field } : {}),
    ...(search.run ? { runId: search.run } : {}),
    ...(search.file ? { file: search.file } : {}),
    status: status ?? "waiting",
  };
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
