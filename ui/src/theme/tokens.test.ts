import { describe, expect, it } from "vitest";
import { cssVariables, dark, light, type Tokens } from "./tokens";

function luminance(hex: string): number {
  const channel = (at: number) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

/** Contrast ratio of WCAG 2.2. */
function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const grounds = ["bg", "surface", "raised", "sunken", "selected", "hover"] as const;
const inks = ["text", "dim", "accentText", "good", "warn", "bad"] as const;

describe.each([
  ["light", light],
  ["dark", dark],
] as [string, Tokens][])("%s", (_name, tokens) => {
  it("keeps every text readable on every ground (AA)", () => {
    for (const ink of inks) {
      for (const ground of grounds) {
        expect(contrast(tokens[ink], tokens[ground]), `${ink} on ${ground}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("keeps faint text readable on the plain grounds", () => {
    for (const ground of ["bg", "surface", "raised", "sunken"] as const) {
      expect(contrast(tokens.faint, tokens[ground]), `faint on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("keeps badges and buttons readable", () => {
    expect(contrast(tokens.good, tokens.goodWeak)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.warn, tokens.warnWeak)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.bad, tokens.badWeak)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.accentText, tokens.accentWeak)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.onAccent, tokens.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(tokens.onAccent, tokens.badFill)).toBeGreaterThanOrEqual(4.5);
  });
});

it("names custom properties after the tokens", () => {
  expect(cssVariables(light)["--st-accent-text"]).toBe(light.accentText);
});
