/** Change sets as words. Pure. */
import type { ChangeKind, ChangeSet } from "@/ipc";

export const kindWords: Record<ChangeKind, string> = {
  edit: "edit",
  create: "new record",
  delete: "deletion",
  bulk: "bulk change",
  import: "import",
  quarantine: "quarantine",
  undo: "undo",
  revert: "revert",
  restore: "restore",
  recovery: "recovery",
};

/** Imports and restores are undone as a whole, with a plan; what was undone already cannot be again. */
export function canUndo(change: ChangeSet): boolean {
  return (
    change.state === "confirmed" &&
    !change.undoneBy &&
    change.kind !== "import" &&
    change.kind !== "recovery" &&
    !isWholeRestore(change)
  );
}

/** A restore of collections; a single record that was brought back is an edit like any other. */
export function isWholeRestore(change: ChangeSet): boolean {
  return change.kind === "restore" && change.runId !== undefined;
}
