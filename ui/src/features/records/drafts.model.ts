/** Drafts as they are stored and listed. Pure. */
import type { Ext } from "@/ipc";
import { changesOf, type Draft } from "@/shared/form";
import { keyText } from "@/shared/value/model";
import { count } from "@/shared/words/words";

export type KeptDraft = {
  /** Address of the workspace. */
  address: string;
  collection: string;
  /** Absent for a record that does not exist yet. */
  key?: Ext;
  /** The record's name when it was edited. */
  title: string;
  draft: Draft;
};

export function draftName(address: string, collection: string, key?: Ext): string {
  return JSON.stringify([address, collection, ...(key === undefined ? [] : [key])]);
}

/** A draft out of the storage; nothing where it is none. */
export function readDraft(name: string, value: unknown): KeptDraft | undefined {
  const kept = value as Partial<KeptDraft> | undefined;
  if (typeof kept?.draft?.original !== "object" || typeof kept.draft.current !== "object") return undefined;
  const whole = kept as KeptDraft;
  return draftName(whole.address, whole.collection, whole.key) === name ? whole : undefined;
}

/** Those of a workspace by collection and name; new records come last. */
export function draftsOf(drafts: KeptDraft[], address: string): KeptDraft[] {
  const place = ({ collection, key, title }: KeptDraft) =>
    `${key === undefined ? 1 : 0} ${collection} ${title}`;
  return drafts
    .filter((kept) => kept.address === address)
    .toSorted((one, other) => place(one).localeCompare(place(other)));
}

export function draftTitle({ key, title, collection }: KeptDraft): string {
  if (key === undefined) return `New record in ${collection}`;
  return title || keyText(key);
}

export function draftAbout({ key, title, collection, draft }: KeptDraft): string {
  const changes = count(changesOf(draft).length, key === undefined ? "field" : "change");
  return title && key !== undefined
    ? `${collection} · ${keyText(key)} · ${changes}`
    : `${collection} · ${changes}`;
}
