/**
 * Semantic colours. Components name what a colour means, never a colour.
 * State colours (good, warn, bad) are never the only sign: a word or an icon stands beside them.
 */
export type Tokens = {
  bg: string;
  surface: string;
  raised: string;
  sunken: string;
  line: string;
  lineStrong: string;
  text: string;
  dim: string;
  faint: string;
  accent: string;
  accentText: string;
  accentWeak: string;
  onAccent: string;
  good: string;
  goodWeak: string;
  warn: string;
  warnWeak: string;
  bad: string;
  badWeak: string;
  badFill: string;
  selected: string;
  hover: string;
};

export const light: Tokens = {
  bg: "#f4f6f6",
  surface: "#ffffff",
  raised: "#ffffff",
  sunken: "#eef1f1",
  line: "#e1e6e6",
  lineStrong: "#c3cccc",
  text: "#16201f",
  dim: "#4f5d5c",
  faint: "#5f6d6c",
  accent: "#0f766e",
  accentText: "#0b655e",
  accentWeak: "#e0f0ee",
  onAccent: "#ffffff",
  good: "#1c6b2f",
  goodWeak: "#e5f3e6",
  warn: "#8a5000",
  warnWeak: "#fdf1d8",
  bad: "#b3261e",
  badWeak: "#fcebea",
  badFill: "#b3261e",
  selected: "#e3f1ef",
  hover: "#f3f7f7",
};

export const dark: Tokens = {
  bg: "#101616",
  surface: "#161d1d",
  raised: "#1d2626",
  sunken: "#121919",
  line: "#283333",
  lineStrong: "#435252",
  text: "#e6ecec",
  dim: "#a9b6b5",
  faint: "#93a1a0",
  accent: "#127f76",
  accentText: "#5cc9be",
  accentWeak: "#163634",
  onAccent: "#ffffff",
  good: "#74c686",
  goodWeak: "#17301d",
  warn: "#e5b04f",
  warnWeak: "#362a12",
  bad: "#ff8f86",
  badWeak: "#3d1d1b",
  badFill: "#c23a31",
  selected: "#17312f",
  hover: "#1b2424",
};

/** The tokens as custom properties: `accentText` is `--st-accent-text`. */
export function cssVariables(tokens: Tokens): Record<string, string> {
  return Object.fromEntries(
    Object.entries(tokens).map(([name, value]) => [
      `--st-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      value,
    ]),
  );
}
