/** Files that were dropped on the window, waiting for a page to take them: the one that is shown, else the import wizard. */
import { useEffect } from "react";
import { create } from "zustand";
import type { FileHandle } from "@/ipc";

type Drops = {
  dropped: FileHandle[];
  /** Pages on screen that take files. */
  takers: number;
};

const useDrops = create<Drops>(() => ({ dropped: [], takers: 0 }));

/** Hands dropped files to the page that is shown. Answers whether it takes them; if not, they wait for one that does. */
export function offerDropped(files: FileHandle[]): boolean {
  useDrops.setState({ dropped: files });
  return useDrops.getState().takers > 0;
}

export function takeDropped(): FileHandle[] {
  const { dropped } = useDrops.getState();
  useDrops.setState({ dropped: [] });
  return dropped;
}

/** The page that calls this takes dropped files for as long as it is on screen. */
export function useDropped(): FileHandle[] {
  useEffect(() => {
    useDrops.setState(({ takers }) => ({ takers: takers + 1 }));
    return () => useDrops.setState(({ takers }) => ({ takers: takers - 1 }));
  }, []);
  return useDrops((state) => state.dropped);
}
