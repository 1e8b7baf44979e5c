/** Undo and redo across edits, bulk changes, imports and retries. The one place that keeps the stack. */
import { useSyncExternalStore } from "react";
import { asApiError, type ChangeSet, call, type RunRecord } from "@/ipc";
import { outcomeOf } from "../jobs/jobs";
import { showError, showSaved, showWarning } from "../ui/toasts";
import { count } from "../words/words";
import { afterRedo, afterUndo, emptyStack, pushed, type UndoEntry, type UndoStack, without } from "./stack";

let stack: UndoStack = emptyStack;
let busy = false;
let savedAt: number | undefined;
const listeners = new Set<() => void>();

type UndoState = { stack: UndoStack; savedAt: number | undefined };
let snapshot: UndoState = { stack, savedAt };

function setStack(next: UndoStack): void {
  stack = next;
  snapshot = { stack, savedAt };
  for (const listener of listeners) listener();
}

export function useUndoState(): UndoState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

export function forgetUndo(): void {
  savedAt = undefined;
  setStack(emptyStack);
}

/** Remembers a write and tells the person, with Undo at hand. */
export function rememberChange(changeSet: ChangeSet, message = `${changeSet.summary}.`): void {
  remember({ changeSet: changeSet.id, summary: changeSet.summary }, message);
}

export function rememberRun(run: RunRecord, message: string): void {
  if (!run.changeSet) return;
  const names = run.files.map((file) => file.name).join(", ");
  remember({ changeSet: run.changeSet, summary: `Imported ${names}`, runId: run.id }, message);
}

export function remember(entry: UndoEntry, message: string): void {
  savedAt = Date.now();
  setStack(pushed(stack, entry));
  showSaved(withStop(message), () => void undoEntry(entry));
}

/** Remembers a write of several change sets (oldest first), to be undone together; without any, only tells it. */
export function rememberAll(changeSets: string[], summary: string, message: string): void {
  const [changeSet, ...before] = changeSets.toReversed();
  if (changeSet) remember({ changeSet, summary, ...(before.length > 0 ? { before } : {}) }, message);
  else showSaved(withStop(message));
}

/** Notes that something was saved that has no undo of its own. */
export function noteSaved(): void {
  savedAt = Date.now();
  setStack(stack);
}

function withStop(message: string): string {
  return message.replace(/\.\.$/, ".");
}

/** Writes on their way: Undo pressed right after an edit waits for it. */
const pending = new Set<Promise<unknown>>();

export function pendingWrite<T>(write: Promise<T>): Promise<T> {
  pending.add(write);
  const done = () => void pending.delete(write);
  write.then(done, done);
  return write;
}

/** The answer of a write reaches the stack one turn after it came. */
async function written(): Promise<void> {
  await Promise.allSettled(pending);
  await new Promise((resolve) => setTimeout(resolve));
}

export async function undoLast(): Promise<void> {
  await written();
  const entry = stack.done.at(-1);
  if (!entry)
    showWarning("Nothing to undo.", "Changes of this session are listed here; History has all others.");
  else await undoEntry(entry);
}

export async function redoLast(): Promise<void> {
  await written();
  const entry = stack.undone.at(-1);
  if (!entry) {
    showWarning("Nothing to redo.", "");
    return;
  }
  await exclusively(async () => {
    const inverse = await takeBackAll(entry);
    if (!inverse) return;
    setStack(afterRedo(stack, entry, inverse));
    showSaved(`Done again: ${entry.summary}.`, () => void undoLast());
  });
}

async function undoEntry(entry: UndoEntry): Promise<void> {
  await exclusively(async () => {
    if (entry.runId) {
      const plan = await call("runs.planUndo", { runId: entry.runId });
      const undone = await outcomeOf(await call("runs.undo", { planId: plan.planId }), "runUndone");
      setStack(afterUndo(stack, entry));
      const kept =
        undone.kept > 0 ? ` ${count(undone.kept, "record")} edited since were left as they are.` : "";
      showSaved(`Import undone: ${entry.summary}.${kept}`);
      return;
    }
    const inverse = await takeBackAll(entry);
    if (!inverse) return;
    setStack(afterUndo(stack, entry, inverse));
    showSaved(`Undone: ${entry.summary}.`, () => void redoLast(), "Redo");
  });
}

/** Takes any change set of the history back. */
export async function undoChangeSet(changeSet: ChangeSet): Promise<void> {
  await undoEntry({ changeSet: changeSet.id, summary: changeSet.summary });
}

/** Undoes what an entry stands for, newest first. Where one cannot be, those before it stay as well. */
async function takeBackAll(entry: UndoEntry): Promise<Pick<UndoEntry, "changeSet" | "before"> | undefined> {
  const inverses: string[] = [];
  for (const changeSet of [entry.changeSet, ...(entry.before ?? [])]) {
    const inverse = await takeBack(changeSet);
    if (!inverse) break;
    inverses.unshift(inverse);
  }
  const [newest, ...before] = inverses;
  if (!newest) return undefined;
  return { changeSet: newest, ...(before.length > 0 ? { before } : {}) };
}

/** Answers the id of the inverse change set, or nothing when records are in the way. */
async function takeBack(changeSet: string): Promise<string | undefined> {
  const outcome = await call("history.undo", { changeSet });
  if (outcome.status === "applied") {
    savedAt = Date.now();
    return outcome.changeSet.id;
  }
  showWarning(
    "This cannot be undone as it is.",
    `${count(outcome.records.length, "record")} changed since. Look at the record's history and revert single changes.`,
  );
  return undefined;
}

async function exclusively(work: () => Promise<void>): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    await work();
  } catch (thrown) {
    showError(asApiError(thrown));
  } finally {
    busy = false;
  }
}

export function forgetChange(changeSet: string): void {
  setStack(without(stack, changeSet));
}
