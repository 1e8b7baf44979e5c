/** Files that were dropped on the window, waiting for a page to take them: the one that is shown, else the import wizard. */
import { useSyncExternalStore } from "react";
import type { FileHandle } from "@/ipc";

let dropped: FileHandle[] = [];
const listeners = new Set<() => void>();

/** Hands dropped files to the page that is shown. Answers whether it takes them; if not, they wait for one that does. */
export function offerDropped(files: FileHandle[]): boolean {
  dropped = files;
  for (const listener of listeners) listener();
  return listeners.size > 0;
}

export function takeDropped(): FileHandle[] {
  const files = dropped;
  dropped = [];
  return files;
}

export function useDropped(): FileHandle[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => dropped,
  );
}
