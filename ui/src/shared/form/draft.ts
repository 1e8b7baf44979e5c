/** A record while it is edited: the original and the current state, field by field. Pure. */
import type { Ext, ExtObject, FieldChange, Violation } from "@/ipc";
import { changesBetween, pointerToPath, valueAt, withValue } from "../value/path";

export type Draft = { original: ExtObject; current: ExtObject };

export function draftOf(document: ExtObject): Draft {
  return { original: document, current: document };
}

export function edited(draft: Draft, path: string, value: Ext | undefined): Draft {
  return { ...draft, current: withValue(draft.current, path, value) };
}

/** Brings one field back to how it was. */
export function fieldReverted(draft: Draft, path: string): Draft {
  return edited(draft, path, valueAt(draft.original, path));
}

export function changesOf(draft: Draft): FieldChange[] {
  return changesBetween(draft.original, draft.current);
}

/** Whether a field, or something inside it, differs. */
export function isChanged(changes: FieldChange[], path: string): boolean {
  return changes.some(
    (change) =>
      change.path === path || change.path.startsWith(`${path}.`) || path.startsWith(`${change.path}.`),
  );
}

/** Puts what was being typed on top of a newer state of the record. */
export function rebased(draft: Draft, newer: ExtObject): Draft {
  let current = newer;
  for (const change of changesOf(draft)) current = withValue(current, change.path, change.after);
  return { original: newer, current };
}

/** Messages by field; those that belong to no field stand under the empty path. */
export function messagesByPath(violations: Violation[]): Map<string, string[]> {
  const messages = new Map<string, string[]>();
  for (const violation of violations) {
    const path = pointerToPath(violation.pointer);
    const known = messages.get(path) ?? [];
    if (!known.includes(violation.message)) messages.set(path, [...known, violation.message]);
  }
  return messages;
}

/** Messages of a field and of everything inside it. */
export function messagesAt(messages: Map<string, string[]>, path: string): string[] {
  return [...messages].flatMap(([at, texts]) => (at === path || at.startsWith(`${path}.`) ? texts : []));
}
