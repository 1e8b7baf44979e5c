/** A record's history by field. Pure. */
import type { EditRecord, Ext, FieldChange, HistoryEntry, RecordKey } from "@/ipc";
import { fieldTitle } from "@/shared/words/words";

/** The latest change of a field. */
export type FieldSince = { change: FieldChange; at: string; actor: string; set: string };

/** Fields that were changed since the record was added, the latest change first. Entries come newest first. */
export function fieldsSince(entries: HistoryEntry[]): FieldSince[] {
  const latest = new Map<string, FieldSince>();
  for (const { changeSet, change } of entries) {
    if (change.op !== "update") break;
    for (const field of change.fields ?? []) {
      if (latest.has(field.path)) continue;
      latest.set(field.path, {
        change: field,
        at: changeSet.at,
        actor: changeSet.actor,
        set: changeSet.id,
      });
    }
  }
  return [...latest.values()];
}

/** The edit that gives a field its value from before its latest change. Where it has another value now, the edit is a conflict. */
export function revertOf(collection: string, key: Ext, { change }: FieldSince): EditRecord {
  const back: FieldChange = { path: change.path };
  if (change.after !== undefined) back.before = change.after;
  if (change.before !== undefined) back.after = change.before;
  return {
    collection,
    key: key as RecordKey,
    changes: [back],
    reason: `Revert of ${fieldTitle(change.path)}`,
    allowInvalid: false,
  };
}
