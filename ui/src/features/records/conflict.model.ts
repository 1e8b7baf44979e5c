/** What was changed on both sides, and from choices to what is saved. Pure. */
import type { EditRecord, ExtObject, FieldChange, FieldConflict } from "@/ipc";
import { changesOf, type Draft, rebased } from "@/shared/form";
import { sameValue } from "@/shared/value/model";
import { valueAt, withValue } from "@/shared/value/path";

export type Choice = "mine" | "theirs";
export type Choices = Record<string, Choice>;

/** My choices are written over the values that are there now; their choices are left alone. */
export function resolvedRequest(
  request: EditRecord,
  conflicts: FieldConflict[],
  choices: Choices,
): EditRecord {
  const changes = request.changes.flatMap((change): FieldChange[] => {
    const conflict = conflicts.find((item) => item.path === change.path);
    if (!conflict) return [change];
    if (choices[change.path] !== "mine") return [];
    const { before: _gone, ...rest } = change;
    return [conflict.theirs === undefined ? rest : { ...rest, before: conflict.theirs }];
  });
  return { ...request, changes };
}

/** Fields of a draft that the newer version of the record changed, too, to something else. */
export function conflictsOf(draft: Draft, newer: ExtObject): FieldConflict[] {
  return changesOf(draft).flatMap((change): FieldConflict[] => {
    const theirs = valueAt(newer, change.path);
    if (sameValue(theirs, change.before) || sameValue(theirs, change.after)) return [];
    const { path, before, after } = change;
    return [
      {
        path,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { mine: after }),
        ...(theirs === undefined ? {} : { theirs }),
      },
    ];
  });
}

/** The draft on top of the newer version, with their values where they were chosen. */
export function mergedDraft(draft: Draft, newer: ExtObject, choices: Choices): Draft {
  const mine = rebased(draft, newer);
  const theirs = Object.keys(choices).filter((path) => choices[path] === "theirs");
  const current = theirs.reduce(
    (document, path) => withValue(document, path, valueAt(newer, path)),
    mine.current,
  );
  return { original: newer, current };
}
