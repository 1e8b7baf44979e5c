/** What this session wrote, so that it can be undone and done again. Pure: no calls here. */

export type UndoEntry = {
  /** Change set to undo. */
  changeSet: string;
  /** Earlier change sets of the same act, newest first: they are undone with it. */
  before?: string[];
  /** What it did, one sentence. */
  summary: string;
  /** An import is undone as a whole run. */
  runId?: string;
};

export type UndoStack = { done: UndoEntry[]; undone: UndoEntry[] };

const depth = 200;

export const emptyStack: UndoStack = { done: [], undone: [] };

/** A fresh write forgets what could have been done again. */
export function pushed(stack: UndoStack, entry: UndoEntry): UndoStack {
  if (stack.done.some((other) => other.changeSet === entry.changeSet)) return stack;
  return { done: [...stack.done, entry].slice(-depth), undone: [] };
}

/** `inverse` took the last entry back; undoing the inverse is the redo. */
export function afterUndo(
  stack: UndoStack,
  taken: UndoEntry,
  inverse?: Pick<UndoEntry, "changeSet" | "before">,
): UndoStack {
  const done = stack.done.filter((entry) => entry.changeSet !== taken.changeSet);
  if (!inverse) return { done, undone: stack.undone };
  return { done, undone: [...stack.undone, { ...inverse, summary: taken.summary }] };
}

export function afterRedo(
  stack: UndoStack,
  redone: UndoEntry,
  inverse: Pick<UndoEntry, "changeSet" | "before">,
): UndoStack {
  return {
    done: [...stack.done, { ...inverse, summary: redone.summary }],
    undone: stack.undone.filter((entry) => entry.changeSet !== redone.changeSet),
  };
}

/** Takes a change set off both lists: it was undone elsewhere. */
export function without(stack: UndoStack, changeSet: string): UndoStack {
  return {
    done: stack.done.filter((entry) => entry.changeSet !== changeSet),
    undone: stack.undone.filter((entry) => entry.changeSet !== changeSet),
  };
}
