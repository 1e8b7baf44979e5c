/** One listener for the whole window turns key presses into commands. */
import { useEffect } from "react";
import { isTyping, matchShortcut, pressText } from "./keys";
import { allCommands, type Command } from "./registry";

const patience = 900;

export function useKeyboard(): void {
  useEffect(() => {
    let presses: string[] = [];
    let last = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return;
      const now = Date.now();
      presses = now - last > patience ? [] : presses;
      last = now;
      presses = [...presses, pressText(event)];
      const found = findCommand(presses, event.target) ?? findCommand(presses.slice(-1), event.target);
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

function findCommand(presses: string[], target: EventTarget | null): Command | undefined {
  const typing = isTyping(target);
  const dialogOpen = document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
  return allCommands()
    .toReversed()
    .find((command) => {
      if (!command.shortcut || matchShortcut(command.shortcut, presses) !== "whole") return false;
      if (typing && !command.whileTyping) return false;
      return !dialogOpen || command.whileTyping === true;
    });
}

function couldContinue(presses: string[]): boolean {
  return allCommands().some(
    (command) => command.shortcut && matchShortcut(command.shortcut, presses) === "partly",
  );
}
