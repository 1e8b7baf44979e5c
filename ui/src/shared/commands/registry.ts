/** Every action is a named command with a title and, mostly, a shortcut. The palette and the keyboard read this list. */
import { useEffect, useMemo, useRef } from "react";
import { create } from "zustand";

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

/** By who offers them. */
const useLists = create<ReadonlyMap<symbol, Command[]>>(() => new Map());

function offer(key: symbol, commands: Command[] | undefined): void {
  const lists = new Map(useLists.getState());
  if (commands) lists.set(key, commands);
  else lists.delete(key);
  useLists.setState(lists, true);
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
    offer(key, stable);
    return () => offer(key, undefined);
  }, [shape]);
}

export function useAllCommands(): Command[] {
  const lists = useLists();
  return useMemo(() => flat(lists), [lists]);
}

export function allCommands(): Command[] {
  return flat(useLists.getState());
}

function flat(lists: ReadonlyMap<symbol, Command[]>): Command[] {
  return [...lists.values()].flat();
}
