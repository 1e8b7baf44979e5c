/** Choosing files and saving them: native dialogs on the desktop, the browser's own on a web page. */
import {
  asApiError,
  call,
  type FileHandle,
  type FilePurpose,
  fileTransfer,
  type JobOutcome,
  type JobStarted,
  type RecordsExported,
} from "@/ipc";
import { useCall } from "../data/queries";
import { anyOutcomeOf } from "../jobs/jobs";
import { showError, showSaved } from "../ui/toasts";
import { count } from "../words/words";

export function useNativeFiles(): boolean {
  return useCall("app.info", {}).data?.canPickFiles ?? false;
}

/** Files the person picked; empty when the dialog was cancelled. */
export async function pickFiles(
  native: boolean,
  purpose: FilePurpose,
  multiple: boolean,
): Promise<FileHandle[]> {
  if (native) return (await call("files.pickOpen", { purpose, multiple })).files;
  return uploadFiles(await browserFiles(multiple));
}

/** A folder the person picked; only where dialogs are native: a browser hands over files, not folders. */
export async function pickFolder(): Promise<FileHandle | undefined> {
  return (await call("files.pickOpen", { purpose: "folder", multiple: false })).files[0];
}

function browserFiles(multiple: boolean): Promise<File[]> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.multiple = multiple;
    input.style.display = "none";
    input.onchange = () => {
      resolve([...(input.files ?? [])]);
      input.remove();
    };
    input.oncancel = () => {
      resolve([]);
      input.remove();
    };
    document.body.append(input);
    input.click();
  });
}

/** Hands files of the browser over; on the desktop dropped files arrive by themselves. */
export async function uploadFiles(files: File[]): Promise<FileHandle[]> {
  const { upload } = fileTransfer();
  if (!upload) return [];
  const handles: FileHandle[] = [];
  for (const file of files) handles.push(await upload(file));
  return handles;
}

/** Where a file shall be written; nothing where the dialog was cancelled. */
export async function pickTarget(native: boolean, suggestedName: string): Promise<FileHandle | undefined> {
  if (native) return (await call("files.pickSave", { purpose: "export", suggestedName })).files[0];
  return fileTransfer().saveTarget?.(suggestedName);
}

/** Asks where to, runs the export, and hands the file over in a browser. */
export async function exportTo(
  native: boolean,
  suggestedName: string,
  start: (file: string) => Promise<JobStarted>,
  unit = "record",
  writtenOf: (outcome: JobOutcome) => RecordsExported | undefined = (outcome) =>
    outcome.outcome === "exported" ? outcome.value : undefined,
): Promise<void> {
  try {
    const target = await pickTarget(native, suggestedName);
    if (!target) return;
    const done = writtenOf(await anyOutcomeOf(await start(target.id)));
    if (!done) return;
    handOver(done.file);
    showSaved(
      `${count(done.records, unit, unit === "entry" ? "entries" : `${unit}s`)} exported to ${done.file.name}.`,
    );
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}

/** Asks where to, has the file written, and hands it over in a browser. */
export async function saveFile(
  native: boolean,
  suggestedName: string,
  write: (file: string) => Promise<FileHandle>,
): Promise<void> {
  try {
    const target = await pickTarget(native, suggestedName);
    if (!target) return;
    const done = await write(target.id);
    handOver(done);
    showSaved(`Saved to ${done.name}.`);
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}

/** Downloads a file that was written; a native dialog has put it in its place already. */
export function handOver(file: FileHandle): void {
  const url = fileTransfer().downloadUrl?.(file);
  if (url) download(url, file.name);
}

function download(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
