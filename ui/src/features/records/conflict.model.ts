/** From choices in a conflict to what is saved. Pure. */
import type { EditRecord, FieldChange, FieldConflict } from "@/ipc";

export type Choice = "mine" | "theirs";

/** My choices are written over the values that are there now; their choices are left alone. */
export function resolvedRequest(
  request: EditRecord,
  conflicts: FieldConflict[],
  choices: Record<string, Choice>,
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
