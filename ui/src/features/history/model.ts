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
};

/** Imports are taken back as a run, with a plan; what was taken back already cannot be again. */
export function canUndo(change: ChangeSet): boolean {
  return change.state === "confirmed" && !change.undoneBy && change.kind !== "import";
}
