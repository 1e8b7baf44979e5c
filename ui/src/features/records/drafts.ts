/** Edits that are not saved yet. They stay on this machine, for each workspace, until they are saved or discarded. */
import { create } from "zustand";
import type { Ext } from "@/ipc";
import { useWorkspace } from "@/shared/data/workspace";
import type { Draft } from "@/shared/form";
import { draftName, draftsOf, type KeptDraft, readDraft } from "./drafts.model";

type Drafts = Record<string, KeptDraft>;

const useStore = create<{ drafts: Drafts }>(() => ({ drafts: allStored() }));

function allStored(): Drafts {
  const found = Object.keys(localStorage).flatMap((name) => {
    const kept = readDraft(name, localStorage.getItem(name));
    return kept ? [[name, kept] as const] : [];
  });
  return Object.fromEntries(found);
}

// Another window of the same workspace kept or saved a draft.
window.addEventListener("storage", () => useStore.setState({ drafts: allStored() }));

export function keepDraft(kept: Omit<KeptDraft, "name">): void {
  const name = draftName(kept.address, kept.collection, kept.key);
  useStore.setState(({ drafts }) => ({ drafts: { ...drafts, [name]: { ...kept, name } } }));
  try {
    localStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // The storage is full: the draft lasts as long as this window.
  }
}

/** `key` is absent for a record that does not exist yet. */
export function draftAt(address: string, collection: string, key?: Ext): Draft | undefined {
  return useStore.getState().drafts[draftName(address, collection, key)]?.draft;
}

/** What was typed into a record and not saved; nothing where it is as it was. */
export function useDraft(address: string, collection: string, key: Ext): Draft | undefined {
  return useStore(({ drafts }) => drafts[draftName(address, collection, key)]?.draft);
}

export function dropDraft(address: string, collection: string, key?: Ext): void {
  const name = draftName(address, collection, key);
  localStorage.removeItem(name);
  useStore.setState(({ drafts: { [name]: _dropped, ...rest } }) => ({ drafts: rest }));
}

/** Drafts of the open workspace, those of new records last. */
export function useDrafts(): KeptDraft[] {
  const address = useWorkspace()?.address;
  const drafts = useStore((state) => state.drafts);
  return address === undefined ? [] : draftsOf(Object.values(drafts), address);
}
