/** The kinds of steps: a fresh one, its words on a chip, and the fields of its form. Pure. */
import type { MappingSource, Step } from "@/ipc";

type KeysOf<T> = T extends unknown ? keyof T : never;
export type StepKind = KeysOf<Step> & string;

/** What a step is made of, whatever its kind: a plain value, or an object of settings. */
export type Payload = string | { [name: string]: unknown };

export function kindOfStep(step: Step): StepKind {
  return Object.keys(step)[0] as StepKind;
}

export function payloadOf(step: Step): Payload {
  return Object.values(step)[0] as Payload;
}

export function stepOf(kind: StepKind, payload: Payload): Step {
  return { [kind]: payload } as Step;
}

const fresh: Record<StepKind, Payload> = {
  trim: "collapse",
  case: "upper",
  number: {},
  calculate: {},
  duration: {},
  date: {},
  boolean: {},
  extract: { pattern: "" },
  replace: { pattern: "", with: "" },
  split: { separator: ";" },
  lookup: { table: {} },
  cast: "text",
  pick: "",
  flatten: {},
};

export const stepTitles: Record<StepKind, string> = {
  trim: "Trim spaces",
  case: "Upper and lower case",
  number: "Read a number",
  calculate: "Calculate",
  duration: "Read a duration",
  date: "Read a date",
  boolean: "Read yes or no",
  extract: "Extract part of the text",
  replace: "Replace text",
  split: "Split into a list",
  lookup: "Look up values",
  cast: "Convert to a type",
  pick: "Extract a value from an object",
  flatten: "Flatten an object",
};

export const stepKinds = Object.keys(stepTitles) as StepKind[];

export function freshStep(kind: StepKind): Step {
  return stepOf(kind, structuredClone(fresh[kind]));
}

export type FormField = {
  /** Dotted path in the settings; empty for a step that is one plain value. */
  key: string;
  label: string;
  about?: string;
  input: "choice" | "text" | "pattern" | "words" | "flag" | "table" | "field";
  options?: [string, string][];
  /** What counts where nothing is set. */
  fallback?: string | boolean;
  /** Shown only where this other setting is there. */
  needs?: string;
};

export const forms: Record<StepKind, FormField[]> = {
  trim: [
    {
      key: "",
      label: "Spaces",
      input: "choice",
      options: [
        ["ends", "at both ends"],
        ["collapse", "at both ends, and repeated ones inside"],
      ],
    },
  ],
  case: [
    {
      key: "",
      label: "Letters",
      input: "choice",
      options: [
        ["upper", "UPPER CASE"],
        ["lower", "lower case"],
        ["title", "Title Case"],
      ],
    },
  ],
  number: [
    {
      key: "decimal",
      label: "Decimal sign",
      input: "choice",
      fallback: "",
      options: [
        ["", "as in the mapping"],
        ["point", "point: 1,234.56"],
        ["comma", "comma: 1.234,56"],
        ["auto", "detect for each number"],
      ],
    },
    {
      key: "percent",
      label: "12 % is",
      input: "choice",
      fallback: "points",
      options: [
        ["points", "12"],
        ["fraction", "0.12"],
        ["refuse", "an error"],
      ],
    },
    {
      key: "as",
      label: "Becomes",
      input: "choice",
      fallback: "number",
      options: [
        ["number", "a number"],
        ["integer", "a whole number"],
        ["decimal", "an exact decimal"],
      ],
    },
    { key: "range", label: "Ranges such as $53K-$91K are fine", input: "flag", fallback: false },
    {
      key: "range.here",
      label: "This field gets",
      input: "choice",
      fallback: "mean",
      needs: "range",
      options: [
        ["mean", "the middle"],
        ["min", "the lower end"],
        ["max", "the upper end"],
      ],
    },
    { key: "range.min", label: "Also write the lower end to", input: "field", needs: "range" },
    { key: "range.max", label: "Also write the upper end to", input: "field", needs: "range" },
    { key: "range.mean", label: "Also write the middle to", input: "field", needs: "range" },
    { key: "range.currency", label: "Also write the currency to", input: "field", needs: "range" },
  ],
  calculate: [
    { key: "multiply", label: "Multiply by", about: "0.4536", input: "text" },
    { key: "add", label: "Then add", about: "-32", input: "text" },
  ],
  duration: [
    {
      key: "as",
      label: "Becomes",
      input: "choice",
      fallback: "iso",
      options: [
        ["iso", "ISO 8601 text: PT1H30M"],
        ["seconds", "a number of seconds"],
        ["minutes", "a number of minutes"],
        ["hours", "a number of hours"],
        ["days", "a number of days"],
      ],
    },
    {
      key: "unit",
      label: "A number alone is",
      input: "choice",
      fallback: "",
      options: [
        ["", "an error"],
        ["seconds", "seconds"],
        ["minutes", "minutes"],
        ["hours", "hours"],
        ["days", "days"],
        ["weeks", "weeks"],
      ],
    },
  ],
  date: [
    {
      key: "formats",
      label: "Formats, tried in order",
      about: "iso, excel, excel1904, epochSeconds, epochMilliseconds, or a pattern such as %d.%m.%Y %H:%M",
      input: "words",
    },
    {
      key: "zone",
      label: "Time zone",
      about: "Europe/Berlin, or +02:00; for texts without one",
      input: "text",
    },
    {
      key: "as",
      label: "Becomes",
      input: "choice",
      fallback: "utc",
      options: [
        ["utc", "a time in UTC"],
        ["offset", "a time with its offset"],
        ["day", "a day"],
        ["bson", "a BSON date"],
      ],
    },
  ],
  boolean: [
    { key: "true", label: "Words for yes", about: "Empty: true, yes, y, t, on, 1", input: "words" },
    { key: "false", label: "Words for no", about: "Empty: false, no, n, f, off, 0", input: "words" },
  ],
  extract: [
    { key: "pattern", label: "Pattern", about: "A regular expression", input: "pattern" },
    { key: "group", label: "Group", about: "Number or name; the first one if empty", input: "text" },
    {
      key: "otherwise",
      label: "Text without a match",
      input: "choice",
      fallback: "error",
      options: [
        ["error", "is an error"],
        ["keep", "is left unchanged"],
        ["absent", "is missing"],
      ],
    },
  ],
  replace: [
    { key: "pattern", label: "Find", input: "pattern" },
    { key: "with", label: "Replace with", about: "$1 inserts a group", input: "pattern" },
    { key: "literal", label: "Both are plain text", input: "flag", fallback: false },
  ],
  split: [
    { key: "separator", label: "Separator", input: "pattern" },
    { key: "trim", label: "Trim items", input: "flag", fallback: true },
    { key: "dropEmpty", label: "Leave out empty items", input: "flag", fallback: true },
    { key: "unique", label: "Remove duplicates", input: "flag", fallback: false },
  ],
  lookup: [
    { key: "table", label: "Values", about: "One per line: original = replacement", input: "table" },
    {
      key: "unknown",
      label: "Other values",
      input: "choice",
      fallback: "error",
      options: [
        ["error", "is an error"],
        ["keep", "is left unchanged"],
        ["absent", "is missing"],
      ],
    },
    { key: "matchCase", label: "Case-sensitive", input: "flag", fallback: false },
  ],
  cast: [
    {
      key: "",
      label: "Type",
      input: "choice",
      options: [
        ["text", "text"],
        ["integer", "whole number"],
        ["number", "number"],
        ["boolean", "true or false"],
        ["decimal", "exact decimal"],
        ["objectId", "ObjectId"],
        ["json", "the value in its JSON text"],
      ],
    },
  ],
  pick: [{ key: "", label: "Path", about: "address.city", input: "pattern" }],
  flatten: [{ key: "separator", label: "Separator between names", input: "pattern", fallback: "_" }],
};

/** A setting of a step by its dotted path. */
export function setting(payload: Payload, key: string): unknown {
  if (key === "" || typeof payload === "string") return key === "" ? payload : undefined;
  let here: unknown = payload;
  for (const name of key.split(".")) {
    here = typeof here === "object" && here !== null ? (here as Record<string, unknown>)[name] : undefined;
  }
  return here;
}

/** The settings with one of them changed; `undefined` gives it back to what counts by itself. */
export function withSetting(payload: Payload, key: string, value: unknown): Payload {
  if (key === "") return String(value ?? "");
  const [first = "", ...rest] = key.split(".");
  const before = typeof payload === "string" ? {} : payload;
  const inner =
    rest.length > 0 ? withSetting((before[first] ?? {}) as Payload, rest.join("."), value) : value;
  const entries = Object.entries({ ...before, [first]: inner }).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries);
}

const listed = (words: unknown) => (Array.isArray(words) ? words.join(", ") : "");

/** A step in a few words. */
export function stepWords(step: Step): string {
  const payload = payloadOf(step);
  const at = (key: string) => setting(payload, key);
  switch (kindOfStep(step)) {
    case "trim":
      return payload === "ends" ? "trim" : "trim, one space";
    case "case":
      return `${String(payload)} case`;
    case "number": {
      const parts = ["number"];
      if (at("as") === "integer") parts[0] = "whole number";
      if (at("as") === "decimal") parts[0] = "exact decimal";
      if (at("decimal") === "comma") parts.push("1.234,56");
      if (at("decimal") === "auto") parts.push("any sign");
      if (at("percent") === "fraction") parts.push("12 % = 0.12");
      if (at("range")) parts.push("ranges");
      return parts.join(" · ");
    }
    case "calculate": {
      const parts = [at("multiply") && `× ${String(at("multiply"))}`, at("add") && `+ ${String(at("add"))}`];
      return parts.filter(Boolean).join(" ") || "calculate";
    }
    case "duration":
      return `duration · ${String(at("as") ?? "iso") === "iso" ? "ISO 8601" : String(at("as"))}`;
    case "date":
      return `date ${listed(at("formats")) || "iso"}${at("as") === "day" ? " · day" : ""}`;
    case "boolean":
      return "yes or no";
    case "extract":
      return `take /${String(at("pattern"))}/`;
    case "replace":
      return `${String(at("pattern"))} → ${String(at("with") ?? "") || "nothing"}`;
    case "split":
      return `split at ${String(at("separator"))}`;
    case "lookup":
      return `look up ${Object.keys((at("table") ?? {}) as object).length}`;
    case "cast":
      return `as ${String(payload)}`;
    case "pick":
      return `take ${String(payload)}`;
    case "flatten":
      return "flatten";
    default:
      return kindOfStep(step);
  }
}

/** Where a value comes from, in a few words. */
export function sourceWords(source: MappingSource): string {
  if (typeof source === "string") return source;
  if ("constant" in source) return `always ${plainWritten(source.constant)}`;
  if ("template" in source) return source.template;
  return `${source.cases.length} ${source.cases.length === 1 ? "case" : "cases"}`;
}

/** A value as it is typed: texts plain, unless they could be taken for something else. */
export function written(value: unknown): string {
  if (value === undefined) return "";
  if (typeof value === "string" && !looksTyped(value)) return value;
  return JSON.stringify(value);
}

function plainWritten(value: unknown): string {
  return typeof value === "string" ? `“${value}”` : JSON.stringify(value);
}

function looksTyped(text: string): boolean {
  return /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false|null|".*"|[[{].*)$/s.test(text);
}

/** The reverse of `written`. */
export function typed(text: string): unknown {
  if (!looksTyped(text.trim())) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A lookup table as lines. */
export function tableText(table: Record<string, unknown>): string {
  return Object.entries(table)
    .map(([from, to]) => `${from} = ${written(to)}`)
    .join("\n");
}

export function tableOf(text: string): Record<string, unknown> {
  const lines = text.split("\n").filter((line) => line.includes("="));
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, at).trim(), typed(line.slice(at + 1).trim())];
    }),
  );
}
