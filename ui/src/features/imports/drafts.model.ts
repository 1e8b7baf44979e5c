/** Imports that were begun and not applied yet: what is kept of them, and how they read in a list. Pure. */
import type { FileHandle } from "@/ipc";
import { sentenceList } from "@/shared/words/words";
import type { ImportChoice } from "./model";

export const importSteps = ["files", "mapping", "plan", "import", "outcome"] as const;
export type ImportStep = (typeof importSteps)[number];

export type ImportDraft = {
  id: string;
  /** Address of the workspace. */
  address: string;
  files: FileHandle[];
  /** Where the person was last. */
  step: ImportStep;
  /** Absent until something was chosen. */
  choice?: ImportChoice;
  /** RFC 3339, UTC. */
  startedAt: string;
};

export function readImportDraft(name: string, value: unknown): ImportDraft | undefined {
  const draft = value as Partial<ImportDraft> | undefined;
  if (draft?.id !== name || !Array.isArray(draft.files) || typeof draft.address !== "string")
    return undefined;
  return { ...(draft as ImportDraft), step: readStep(draft.step) };
}

/** The step of an address; the first one where it is none. */
export function readStep(text: string | undefined): ImportStep {
  return importSteps.find((step) => step === text) ?? "files";
}

/** The same import with files that were chosen again: what was chosen for each of them stays. */
export function withFiles(draft: ImportDraft, files: FileHandle[]): ImportDraft {
  const { choice } = draft;
  if (!choice) return { ...draft, files };
  const choices = files.map((_, at) => choice.choices?.[at] ?? {});
  return { ...draft, files, choice: { ...choice, files: files.map((file) => file.id), choices } };
}

/** Newest first. */
export function importDraftsOf(drafts: ImportDraft[], address: string): ImportDraft[] {
  return drafts
    .filter((draft) => draft.address === address)
    .toSorted((one, other) => other.startedAt.localeCompare(one.startedAt));
}

export function importTitle({ files }: ImportDraft): string {
  return sentenceList(files.map((file) => file.name));
}

const stepWords: Record<ImportStep, string> = {
  files: "choosing where it goes",
  mapping: "editing the mapping",
  plan: "looking at the plan",
  import: "looking at the plan",
  outcome: "looking at the plan",
};

export function importAbout({ step, choice }: ImportDraft): string {
  const into = choice?.collection ? `into ${choice.collection} · ` : "";
  return `${into}${stepWords[step]}`;
}
