/** Undo and redo across edits, bulk changes, imports and retries. The one place that keeps the stack. */
import { create } from "zustand";
import { asApiError, type ChangeSet, call, type RunRecord } from "@/ipc";
import { outcomeOf } from "../jobs/jobs";
import { showError, showSaved, showWarning } from "../ui/toasts";
import { count, sentenceList } from "../words/words";
import { afterRedo, afterUndo, emptyStack, pushed, type UndoEntry, type UndoStack, without } from "./stack";

type UndoState = { stack: UndoStack; savedAt: number | undefined };

const useStore = create<UndoState>(() => ({ stack: emptyStack, savedAt: undefined }));
let busy = false;

/** Changes the stack as it is at that moment: calls may have been answered in between. */
function setStack(next: (stack: UndoStack) => UndoStack): void {
  useStore.setState(({ stack }) => ({ stack: next(stack) }));
}

export function useUndoState(): UndoState {
  return useStore();
}

export function forgetUndo(): void {
  useStore.setState({ stack: emptyStack, savedAt: undefined });
}

/** Remembers a write and tells the person, with Undo at hand. */
export function rememberChange(changeSet: ChangeSet, message = `${changeSet.summary}.`): void {
  remember({ changeSet: changeSet.id, summary: changeSet.summary }, message);
}

export function rememberRun(run: RunRecord, message: string): void {
  if (!run.changeSet) return;
  const names = sentenceList(run.files.map((file) => file.name));
  remember({ changeSet: run.changeSet, summary: `Imported ${names}`, runId: run.id }, message);
}

export function remember(entry: UndoEntry, message: string): void {
  noteSaved();
  setStack((stack) => pushed(stack, entry));
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
  useStore.setState({ savedAt: Date.now() });
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
  const entry = useStore.getState().stack.done.at(-1);
  if (!entry)
    showWarning(
      "Nothing to undo.",
      "Only changes from this session can be undone here. Earlier ones are in the history.",
    );
  else await undoEntry(entry);
}

export async function redoLast(): Promise<void> {
  await written();
  const entry = useStore.getState().stack.undone.at(-1);
  if (!entry) {
    showWarning("Nothing to redo.", "");
    return;
  }
  await exclusively(async () => {
    const inverse = await takeBackAll(entry);
    if (!inverse) return;
    setStack((stack) => afterRedo(stack, entry, inverse));
    showSaved(`Redone: ${entry.summary}.`, () => void undoLast());
  });
}

async function undoEntry(entry: UndoEntry): Promise<void> {
  await exclusively(async () => {
    if (entry.runId) {
      const plan = await call("runs.planUndo", { runId: entry.runId });
      const undone = await outcomeOf(await call("runs.undo", { planId: plan.planId }), "runUndone");
      setStack((stack) => afterUndo(stack, entry));
      const kept =
        undone.kept > 0 ? ` ${count(undone.kept, "record")} edited since were left unchanged.` : "";
      showSaved(`Import undone: ${entry.summary}.${kept}`);
      return;
    }
    const inverse = await takeBackAll(entry);
    if (!inverse) return;
    setStack((stack) => afterUndo(stack, entry, inverse));
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
  const answer = await call("history.undo", { changeSet });
  const outcome = answer.status === "started" ? await outcomeOf(answer, "changed") : answer;
  if (outcome.status === "applied") {
    noteSaved();
    return outcome.changeSet.id;
  }
  const inTheWay = outcome.status === "conflict" ? outcome.records : [];
  showWarning(
    "This cannot be undone.",
    `${count(inTheWay.length, "record")} changed since. Open a record's history to revert single changes.`,
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
  setStack((stack) => without(stack, changeSet));
}
