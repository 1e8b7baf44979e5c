/** Files that were dropped on the window, waiting for the import wizard to take them. */
import { useSyncExternalStore } from "react";
import type { FileHandle } from "@/ipc";

let dropped: FileHandle[] = [];
const listeners = new Set<() => void>();

export function offerDropped(files: FileHandle[]): void {
  dropped = files;
  for (const listener of listeners) listener();
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
