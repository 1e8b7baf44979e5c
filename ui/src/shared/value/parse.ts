/** Text that a person typed or pasted, as a value of the right type. */

import type { Ext } from "@/ipc";
import { locale } from "../words/locale";
import { isObject, kindOf, plainText } from "./model";

/** What a field takes: the types of JSON Schema, and its choices. */
export type Expected = { types: string[]; choices?: unknown[]; format?: string };

export type Parsed = { ok: true; value: Ext | undefined } | { ok: false; message: string };

/** Empty text means: not set. The type of the value before is kept where the schema leaves it open. */
export function parseInput(text: string, before: Ext | undefined, expected?: Expected): Parsed {
  if (text === plainText(before) && before !== undefined && before !== null)
    return { ok: true, value: before };
  if (text.trim() === "") return { ok: true, value: undefined };
  switch (targetType(before, expected)) {
    case "number":
      return parseNumber(text, before, false);
    case "integer":
      return parseNumber(text, before, true);
    case "boolean":
      return parseBoolean(text);
    case "array":
      return parseList(text);
    case "object":
      return parseJson(text);
    case "date":
      return parseDate(text);
    default:
      return { ok: true, value: text };
  }
}

function targetType(before: Ext | undefined, expected?: Expected): string {
  const kind = kindOf(before);
  if (kind === "date") return "date";
  if (kind === "id" || kind === "binary" || kind === "special") return "object";
  const types = (expected?.types ?? []).filter((type) => type !== "null");
  if (types.length === 1 && types[0]) return types[0];
  const byKind: Partial<Record<typeof kind, string>> = {
    number: "number",
    bool: "boolean",
    list: "array",
    object: "object",
  };
  const own = byKind[kind];
  return own && (types.length === 0 || types.includes(own)) ? own : (types[0] ?? "string");
}

const decimalMark =
  new Intl.NumberFormat(locale).formatToParts(1.5).find((part) => part.type === "decimal")?.value ?? ".";

export function parseNumber(text: string, before: Ext | undefined, whole: boolean): Parsed {
  const cleaned = cleanNumber(text);
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(cleaned)) {
    return { ok: false, message: `"${text}" is not a number.` };
  }
  const value = Number(cleaned);
  if (whole && !Number.isInteger(value)) return { ok: false, message: "This field takes a whole number." };
  if (isObject(before)) {
    if ("$numberDecimal" in before) return { ok: true, value: { $numberDecimal: cleaned } };
    if ("$numberLong" in before && Number.isInteger(value)) {
      return { ok: true, value: { $numberLong: cleaned.replace(/^\+/, "") } };
    }
  }
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return { ok: true, value: { $numberLong: cleaned.replace(/^\+/, "") } };
  }
  return { ok: true, value };
}

/** Takes away currency signs, spaces and grouping; leaves a point as the decimal mark. */
function cleanNumber(text: string): string {
  const bare = text
    .trim()
    .replace(/^[$€£]\s*/, "")
    .replace(/[\s\u00a0\u202f'_]/g, "");
  if (decimalMark === ",") return bare.replaceAll(".", "").replace(",", ".");
  return bare.replaceAll(",", "");
}

function parseBoolean(text: string): Parsed {
  const word = text.trim().toLowerCase();
  if (["true", "yes", "y", "1"].includes(word)) return { ok: true, value: true };
  if (["false", "no", "n", "0"].includes(word)) return { ok: true, value: false };
  return { ok: false, message: "This field takes yes or no." };
}

function parseList(text: string): Parsed {
  if (text.trim().startsWith("[")) return parseJson(text);
  const separator = /[;\n]/.test(text) ? /[;\n]/ : /,/;
  const items = text.split(separator).map((item) => item.trim());
  return { ok: true, value: items.filter((item) => item !== "") };
}

export function parseJson(text: string): Parsed {
  try {
    return { ok: true, value: JSON.parse(text) as Ext };
  } catch {
    return { ok: false, message: "This is not valid JSON." };
  }
}

function parseDate(text: string): Parsed {
  const at = Date.parse(text);
  if (Number.isNaN(at))
    return { ok: false, message: "Write the date as 2026-05-04 or 2026-05-04T09:30:00Z." };
  return { ok: true, value: { $date: new Date(at).toISOString() } };
}
