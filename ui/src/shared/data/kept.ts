/** Unfinished work of this machine: one entry of the browser's storage each, so that reloads, restarts and other windows find it. */
import { create } from "zustand";

type Kept<T> = Record<string, T>;

/** Entries whose names begin with the prefix. `read` gives nothing for what is none of them. */
export function keptEntries<T>(prefix: string, read: (name: string, value: unknown) => T | undefined) {
  const useStore = create<Kept<T>>(() => stored());

  function stored(): Kept<T> {
    const found = Object.keys(localStorage).flatMap((full) => {
      if (!full.startsWith(prefix)) return [];
      const name = full.slice(prefix.length);
      const value = read(name, parsed(localStorage.getItem(full)));
      return value === undefined ? [] : [[name, value] as const];
    });
    return Object.fromEntries(found);
  }

  // Another window kept or finished one.
  window.addEventListener("storage", () => useStore.setState(stored(), true));

  return {
    useAll: (): T[] => Object.values(useStore()),
    useOne: (name: string): T | undefined => useStore((all) => all[name]),
    at: (name: string): T | undefined => useStore.getState()[name],
    keep: (name: string, value: T): void => {
      useStore.setState({ [name]: value });
      try {
        localStorage.setItem(prefix + name, JSON.stringify(value));
      } catch {
        // The storage is full: the entry lasts as long as this window.
      }
    },
    drop: (name: string): void => {
      localStorage.removeItem(prefix + name);
      useStore.setState(({ [name]: _dropped, ...rest }) => rest as Kept<T>, true);
    },
  };
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
