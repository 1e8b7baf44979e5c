/** Drafts that were left unsaved stay here until the person comes back to the record or saves it. */
import type { Draft } from "@/shared/form";

const drafts = new Map<string, Draft>();

export function keepDraft(name: string, draft: Draft): void {
  drafts.set(name, draft);
}

export function takeDraft(name: string): Draft | undefined {
  return drafts.get(name);
}

export function dropDraft(name: string): void {
  drafts.delete(name);
}
