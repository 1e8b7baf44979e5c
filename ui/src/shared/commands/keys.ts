/** Shortcuts as text: reading them from key presses, writing them for people. */

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** `mod+shift+z`, `?`, `escape`. Shift is named only where the key itself does not show it. */
export function pressText(press: Press): string {
  const key = press.key === " " ? "space" : press.key.toLowerCase();
  const letter = /^[a-z0-9]$/.test(key) || key.length > 1;
  const parts = [
    (press.ctrlKey || press.metaKey) && "mod",
    press.altKey && "alt",
    press.shiftKey && letter && "shift",
    key,
  ];
  return parts.filter(Boolean).join("+");
}

export type Match = "none" | "partly" | "whole";

/** How far the presses so far are this shortcut. */
export function matchShortcut(shortcut: string, presses: string[]): Match {
  const wanted = shortcut.split(" ");
  if (presses.length > wanted.length) return "none";
  if (!presses.every((press, at) => press === wanted[at])) return "none";
  return presses.length === wanted.length ? "whole" : "partly";
}

const words: Record<string, string> = {
  mod: "Ctrl",
  shift: "Shift",
  alt: "Alt",
  enter: "Enter",
  escape: "Esc",
  arrowdown: "↓",
  arrowup: "↑",
  arrowleft: "←",
  arrowright: "→",
  space: "Space",
  delete: "Del",
};

/** The keys of a shortcut as they stand on a keyboard; `then` parts follow one after the other. */
export function shortcutKeys(shortcut: string, mac = isMac()): string[][] {
  return shortcut
    .split(" ")
    .map((press) =>
      press.split("+").map((key) => (mac && key === "mod" ? "⌘" : (words[key] ?? key.toUpperCase()))),
    );
}

export function shortcutText(shortcut: string): string {
  return shortcutKeys(shortcut)
    .map((keys) => keys.join(" "))
    .join(" then ");
}

function isMac(): boolean {
  return typeof navigator !== "undefined" && /Mac|iP(hone|ad)/.test(navigator.userAgent);
}

/** Whether key presses belong to the element: text is being typed there. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
