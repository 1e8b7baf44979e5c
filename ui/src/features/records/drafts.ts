/** Edits that are not saved yet. They stay on this machine, for each workspace, until they are saved or discarded. */
import type { Ext } from "@/ipc";
import { keptEntries } from "@/shared/data/kept";
import { useWorkspace } from "@/shared/data/workspace";
import type { Draft } from "@/shared/form";
import { draftName, draftsOf, type KeptDraft, readDraft } from "./drafts.model";

const drafts = keptEntries("steward.draft.", readDraft);

export function keepDraft(kept: KeptDraft): void {
  drafts.keep(draftName(kept.address, kept.collection, kept.key), kept);
}

/** `key` is absent for a record that does not exist yet. */
export function draftAt(address: string, collection: string, key?: Ext): Draft | undefined {
  return drafts.at(draftName(address, collection, key))?.draft;
}

/** What was typed into a record and not saved; nothing where it is as it was. */
export function useDraft(address: string, collection: string, key: Ext): Draft | undefined {
  return drafts.useOne(draftName(address, collection, key))?.draft;
}

export function dropDraft(address: string, collection: string, key?: Ext): void {
  drafts.drop(draftName(address, collection, key));
}

/** Drafts of the open workspace, those of new records last. */
export function useDrafts(): KeptDraft[] {
  const address = useWorkspace()?.address;
  const all = drafts.useAll();
  return address === undefined ? [] : draftsOf(all, address);
}
