import { expect, it } from "vitest";
import { matchShortcut, pressText, shortcutKeys } from "./keys";

const plain = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };

it("reads key presses", () => {
  expect(pressText({ ...plain, key: "k", ctrlKey: true })).toBe("mod+k");
  expect(pressText({ ...plain, key: "Z", metaKey: true, shiftKey: true })).toBe("mod+shift+z");
  expect(pressText({ ...plain, key: "?", shiftKey: true })).toBe("?");
  expect(pressText({ ...plain, key: "Enter", shiftKey: true })).toBe("shift+enter");
});

it("follows keys one after the other", () => {
  expect(matchShortcut("g r", ["g"])).toBe("partly");
  expect(matchShortcut("g r", ["g", "r"])).toBe("whole");
  expect(matchShortcut("g r", ["g", "q"])).toBe("none");
  expect(matchShortcut("mod+k", ["mod+k"])).toBe("whole");
});

it("writes them for people", () => {
  expect(shortcutKeys("mod+shift+z", false)).toEqual([["Ctrl", "Shift", "Z"]]);
  expect(shortcutKeys("g r", false)).toEqual([["G"], ["R"]]);
});
