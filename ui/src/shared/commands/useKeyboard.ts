/** One listener for the whole window turns key presses into commands. */
import { useEffect, useLayoutEffect, useRef } from "react";
import { isTyping, matchShortcut, pressText } from "./keys";
import { allCommands, type Command } from "./registry";

const patience = 900;

export function useKeyboard(): void {
  // A dialog that Escape closes is gone before the press arrives here: the press is the dialog's all the same.
  const inDialog = useRef(false);
  useLayoutEffect(() => {
    const look = () => {
      inDialog.current = document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
    };
    window.addEventListener("keydown", look, true);
    return () => window.removeEventListener("keydown", look, true);
  }, []);
  useEffect(() => {
    let presses: string[] = [];
    let last = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
      const now = Date.now();
      presses = now - last > patience ? [] : presses;
      last = now;
      presses = [...presses, pressText(event)];
      const find = (tried: string[]) => findCommand(tried, event.target, inDialog.current);
      const found = find(presses) ?? find(presses.slice(-1));
      if (found) {
        event.preventDefault();
        presses = [];
        found.run();
      } else if (!couldContinue(presses)) {
        presses = [];
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function findCommand(presses: string[], target: EventTarget | null, inDialog: boolean): Command | undefined {
  const typing = isTyping(target);
  return allCommands()
    .toReversed()
    .find((command) => {
      if (!command.shortcut || matchShortcut(command.shortcut, presses) !== "whole") return false;
      if (typing && !command.whileTyping) return false;
      return !inDialog || command.whileTyping === true;
    });
}

function couldContinue(presses: string[]): boolean {
  return allCommands().some(
    (command) => command.shortcut && matchShortcut(command.shortcut, presses) === "partly",
  );
}
