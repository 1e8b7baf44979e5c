/** Every action is a named command with a title and, mostly, a shortcut. The palette and the keyboard read this list. */
import { useEffect, useRef, useSyncExternalStore } from "react";

export type Command = {
  id: string;
  title: string;
  group: string;
  /** `mod+k`, `mod+shift+z`, `?`, or keys one after the other: `g r`. */
  shortcut?: string;
  /** Words under which the palette finds it as well. */
  also?: string;
  /** Works while the person types in a field. */
  whileTyping?: boolean;
  run: () => void;
};

const lists = new Map<symbol, Command[]>();
const listeners = new Set<() => void>();
let snapshot: Command[] = [];

function changed(): void {
  snapshot = [...lists.values()].flat();
  for (const listener of listeners) listener();
}

/** Offers commands for as long as the component is on screen. */
export function useCommands(commands: Command[]): void {
  const name = useRef(Symbol("commands"));
  const latest = useRef(commands);
  latest.current = commands;
  const shape = commands.map((item) => `${item.id}|${item.title}|${item.shortcut ?? ""}`).join("\n");

  // biome-ignore lint/correctness/useExhaustiveDependencies: re-registers when what is offered changes; `run` is read late
  useEffect(() => {
    const key = name.current;
    const stable = latest.current.map((item, at) => ({ ...item, run: () => latest.current[at]?.run() }));
    lists.set(key, stable);
    changed();
    return () => {
      lists.delete(key);
      changed();
    };
  }, [shape]);
}

export function useAllCommands(): Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

export function allCommands(): Command[] {
  return snapshot;
}
