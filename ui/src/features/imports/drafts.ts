/** Imports that were begun and not applied yet. They stay on this machine, for each workspace, until they are applied or cancelled. */
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import type { FileHandle } from "@/ipc";
import { keptEntries } from "@/shared/data/kept";
import { useWorkspace } from "@/shared/data/workspace";
import { takeDropped, useDropped } from "@/shared/files";
import { type ImportDraft, type ImportStep, importDraftsOf, readImportDraft } from "./drafts.model";

const drafts = keptEntries("steward.import.", readImportDraft);

export const useImportDraft = drafts.useOne;
export const dropImportDraft = drafts.drop;

export function keepImportDraft(draft: ImportDraft): void {
  drafts.keep(draft.id, draft);
}

/** Those of the open workspace, newest first. */
export function useImportDrafts(): ImportDraft[] {
  const address = useWorkspace()?.address;
  const all = drafts.useAll();
  return address === undefined ? [] : importDraftsOf(all, address);
}

export function useGoToStep() {
  const navigate = useNavigate();
  return useCallback(
    (draftId: string, step: ImportStep, replace = false) =>
      void navigate({ to: "/imports/draft/$draftId/$step", params: { draftId, step }, replace }),
    [navigate],
  );
}

/** Begins an import of these files and goes to its first step. Dropped files begin one, too. */
export function useBeginImport(): (files: FileHandle[]) => void {
  const address = useWorkspace()?.address ?? "";
  const go = useGoToStep();
  const begin = useCallback(
    (files: FileHandle[]) => {
      if (files.length === 0) return;
      const id = crypto.randomUUID();
      keepImportDraft({ id, address, files, step: "files", startedAt: new Date().toISOString() });
      go(id, "files");
    },
    [address, go],
  );
  const dropped = useDropped();
  useEffect(() => {
    if (dropped.length > 0) begin(takeDropped());
  }, [dropped, begin]);
  return begin;
}
