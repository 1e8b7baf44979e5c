/** What is asked for from anywhere: a restore, taking one back, the secret of a backup. The dialogs stand in `BackupsHost`. */
import { create } from "zustand";
import { type ApiError, asApiError, CallError, type RestoreFrom, type UndoRestorePlan } from "@/ipc";
import { isLocked, secretOf } from "./model";

export type Secret = { passphrase?: string; identity?: string };

/** Where a restore comes from, with what is known about it. */
export type RestoreSource = { from?: RestoreFrom; name?: string };

type Asked = {
  restore?: RestoreSource | undefined;
  undo?: UndoRestorePlan | undefined;
  secret?: { why: ApiError; purpose: Purpose; answer: (text: string | undefined) => void } | undefined;
};

const useStore = create<Asked>(() => ({}));

export function useAsked(): Asked {
  return useStore();
}

export function askRestore(source: RestoreSource): void {
  useStore.setState({ restore: source });
}

export function askUndo(plan: UndoRestorePlan): void {
  useStore.setState({ undo: plan });
}

export function closeRestore(): void {
  useStore.setState({ restore: undefined });
}

export function closeUndo(): void {
  useStore.setState({ undo: undefined });
}

/** To open a backup that is there, or to lock a new one: that passphrase is typed twice. */
type Purpose = "open" | "lock";

/** What was typed last: kept for as long as the page stands, never written anywhere. */
let known: Record<Purpose, Secret> = { open: {}, lock: {} };

/** Another workspace has other backups. */
export function forgetSecret(): void {
  known = { open: {}, lock: {} };
}

function askSecret(why: ApiError, purpose: Purpose): Promise<string | undefined> {
  return new Promise((resolve) => {
    const answer = (text: string | undefined) => {
      useStore.setState({ secret: undefined });
      resolve(text);
    };
    useStore.setState({ secret: { why, purpose, answer } });
  });
}

/** Runs a call; where a backup is locked, asks for what opens it and runs it again. */
export function unlocked<T>(run: (secret: Secret) => Promise<T>): Promise<T> {
  return withSecret("open", run);
}

/** Runs a call that makes a backup; asks what to lock it with only where that is not known. */
export function locked<T>(run: (secret: { passphrase?: string }) => Promise<T>): Promise<T> {
  return withSecret("lock", run);
}

async function withSecret<T>(purpose: Purpose, run: (secret: Secret) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const answer = await run(known[purpose]);
      // What a new backup was locked with opens it, too: nobody is asked twice.
      if (purpose === "lock" && known.lock.passphrase !== undefined) known.open = known.lock;
      return answer;
    } catch (thrown) {
      const why = asApiError(thrown);
      if (!isLocked(why)) throw thrown;
      known[purpose] = {};
      const text = await askSecret(why, purpose);
      if (!text) throw new CallError({ code: "cancelled", message: cancelled[purpose] });
      known[purpose] = purpose === "lock" ? { passphrase: text } : secretOf(text);
    }
  }
}

const cancelled: Record<Purpose, string> = {
  open: "The backup was not opened.",
  lock: "No backup was taken.",
};
