/** What is asked for from anywhere: a restore, taking one back, the secret of a backup. The dialogs stand in `BackupsHost`. */
import { useSyncExternalStore } from "react";
import { type ApiError, asApiError, CallError, type RestoreFrom, type UndoRestorePlan } from "@/ipc";
import { isLocked, secretOf } from "./model";

export type Secret = { passphrase?: string; identity?: string };

/** Where a restore comes from, with what is known about it. */
export type RestoreSource = { from?: RestoreFrom; name?: string };

type Asked = {
  restore?: RestoreSource;
  undo?: UndoRestorePlan;
  secret?: { why: ApiError; answer: (text: string | undefined) => void };
};

let asked: Asked = {};
const listeners = new Set<() => void>();

function change(part: Asked): void {
  asked = { ...asked, ...part };
  for (const listener of listeners) listener();
}

export function useAsked(): Asked {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => asked,
  );
}

export function askRestore(source: RestoreSource): void {
  change({ restore: source });
}

export function askUndo(plan: UndoRestorePlan): void {
  change({ undo: plan });
}

export function closeRestore(): void {
  asked = { ...asked };
  delete asked.restore;
  change({});
}

export function closeUndo(): void {
  asked = { ...asked };
  delete asked.undo;
  change({});
}

/** What opened the last backup: kept for as long as the page stands, never written anywhere. */
let known: Secret = {};

/** Another workspace has other backups. */
export function forgetSecret(): void {
  known = {};
}

function askSecret(why: ApiError): Promise<string | undefined> {
  return new Promise((resolve) => {
    const answer = (text: string | undefined) => {
      asked = { ...asked };
      delete asked.secret;
      change({});
      resolve(text);
    };
    change({ secret: { why, answer } });
  });
}

/** Runs a call; where a backup is locked, asks for what opens it and runs it again. */
export async function unlocked<T>(run: (secret: Secret) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await run(known);
    } catch (thrown) {
      const why = asApiError(thrown);
      if (!isLocked(why)) throw thrown;
      known = {};
      const text = await askSecret(why);
      if (!text) throw new CallError({ code: "cancelled", message: "The backup stays closed." });
      known = secretOf(text);
    }
  }
}
