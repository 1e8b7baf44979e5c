/** What a person chose to do with one field of many rows, as the command wants it. Pure. */
import type { Ext, FixAction, ValuePair } from "@/ipc";
import type { Expected } from "@/shared/value/parse";
import { parseInput } from "@/shared/value/parse";

export const fixKinds = [
  { value: "set", label: "Set a value" },
  { value: "default", label: "Set a value where it is empty" },
  { value: "map", label: "Replace values" },
  { value: "number", label: "Read as a number" },
  { value: "date", label: "Read as a date" },
  { value: "boolean", label: "Read as true or false" },
  { value: "trim", label: "Remove extra spaces" },
  { value: "case", label: "Change upper and lower case" },
  { value: "replace", label: "Find and replace" },
  { value: "unset", label: "Remove field" },
] as const;

export type FixKind = (typeof fixKinds)[number]["value"];

export type FixForm = {
  kind: FixKind;
  value: string;
  decimal: "auto" | "point" | "comma";
  format: string;
  letters: "lower" | "upper" | "title";
  pattern: string;
  with: string;
  regex: boolean;
  /** By the JSON of the old value. */
  exchanged: Readonly<Record<string, string>>;
};

export const emptyForm: FixForm = {
  kind: "set",
  value: "",
  decimal: "point",
  format: "",
  letters: "lower",
  pattern: "",
  with: "",
  regex: false,
  exchanged: {},
};

const look: FixAction = { do: "look" };

/** The action, or a sentence about what is wrong with it. Where nothing is filled in yet, it only looks. */
export function actionOf(form: FixForm, expected?: Expected): FixAction | string {
  switch (form.kind) {
    case "set":
    case "default": {
      if (form.value === "") return look;
      const parsed = parseInput(form.value, undefined, expected);
      if (!parsed.ok) return parsed.message;
      return parsed.value === undefined ? look : { do: form.kind, value: parsed.value };
    }
    case "unset":
      return { do: "unset" };
    case "map":
      return mapOf(form, expected);
    case "number":
      return steps({ trim: "ends" }, { number: { decimal: form.decimal } });
    case "date":
      return steps({ trim: "ends" }, { date: form.format.trim() ? { formats: [form.format.trim()] } : {} });
    case "boolean":
      return steps({ trim: "ends" }, { boolean: {} });
    case "trim":
      return steps({ trim: "collapse" });
    case "case":
      return steps({ case: form.letters });
    case "replace":
      if (form.pattern === "") return look;
      return steps({ replace: { pattern: form.pattern, with: form.with, literal: !form.regex } });
  }
}

function steps(...list: unknown[]): FixAction {
  return { do: "steps", steps: list };
}

function mapOf(form: FixForm, expected?: Expected): FixAction | string {
  const pairs: ValuePair[] = [];
  for (const [old, text] of Object.entries(form.exchanged)) {
    if (text === "") continue;
    const parsed = parseInput(text, undefined, expected);
    if (!parsed.ok) return parsed.message;
    if (parsed.value !== undefined) pairs.push({ from: JSON.parse(old) as Ext, to: parsed.value });
  }
  return pairs.length > 0 ? { do: "map", pairs } : look;
}

/** Rules tell what is likely to help. */
export function likelyKind(rule: string | undefined): FixKind {
  switch (rule) {
    case "type":
    case "mapping.number":
      return "number";
    case "enum":
    case "const":
      return "map";
    case "format":
    case "mapping.date":
      return "date";
    case "required":
      return "default";
    case "pattern":
      return "replace";
    default:
      return "set";
  }
}
