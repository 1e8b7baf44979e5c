/** Extended JSON values: what they are, how they read, whether two are the same. No drawing here. */

import type { Ext, ExtObject } from "@/ipc";
import { locale } from "../words/locale";

export type ValueKind =
  | "missing"
  | "null"
  | "bool"
  | "number"
  | "text"
  | "list"
  | "object"
  | "date"
  | "id"
  | "binary"
  | "special";

const numberKeys = ["$numberLong", "$numberInt", "$numberDouble", "$numberDecimal"];

export function isObject(value: Ext | undefined): value is ExtObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The one `$…` key of a wrapped value, or nothing for a plain object. */
function wrapper(value: ExtObject): string | undefined {
  const keys = Object.keys(value);
  const first = keys[0];
  if (!first?.startsWith("$")) return undefined;
  if (keys.length === 1 || (first === "$code" && keys.length === 2)) return first;
  return undefined;
}

export function kindOf(value: Ext | undefined): ValueKind {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "number";
  if (typeof value === "string") return "text";
  if (Array.isArray(value)) return "list";
  const key = wrapper(value);
  if (key === undefined) return "object";
  if (numberKeys.includes(key)) return "number";
  if (key === "$date") return "date";
  if (key === "$oid" || key === "$uuid") return "id";
  if (key === "$binary") return "binary";
  return "special";
}

/** The number of a numeric value, wrapped or not. Very long ones lose digits: for sorting and bars only. */
export function numberOf(value: Ext | undefined): number | undefined {
  if (typeof value === "number") return value;
  if (!isObject(value)) return undefined;
  const key = wrapper(value);
  if (key === undefined || !numberKeys.includes(key)) return undefined;
  return Number(value[key]);
}

/** A date value in milliseconds. */
export function dateOf(value: Ext | undefined): number | undefined {
  if (!isObject(value)) return undefined;
  const inner = value.$date;
  if (typeof inner === "string") {
    const at = Date.parse(inner);
    return Number.isNaN(at) ? undefined : at;
  }
  return numberOf(inner);
}

/** Exact text of a value, as it is copied and edited: digits without separators, dates in UTC. */
export function plainText(value: Ext | undefined): string {
  switch (kindOf(value)) {
    case "missing":
    case "null":
      return "";
    case "text":
      return value as string;
    case "bool":
      return value ? "true" : "false";
    case "number":
      return exactNumber(value as Ext);
    case "date":
      return dateText(value as ExtObject);
    case "id":
      return String(Object.values(value as ExtObject)[0]);
    case "list":
      return listText(value as Ext[]);
    case "object":
    case "binary":
    case "special":
      return JSON.stringify(value);
  }
}

/** Reads back as the same list: items that hold a separator need JSON. */
function listText(list: Ext[]): string {
  const single = list.length === 1;
  const isPlain = (item: Ext) => typeof item === "string" && !(single ? /[;,\n]/ : /[;\n]/).test(item);
  return list.every(isPlain) ? list.join("; ") : JSON.stringify(list);
}

function dateText(value: ExtObject): string {
  const at = dateOf(value);
  return at === undefined ? JSON.stringify(value) : new Date(at).toISOString();
}

function exactNumber(value: Ext): string {
  if (typeof value === "number") return String(value);
  return isObject(value) ? String(Object.values(value)[0]) : "";
}

const grouping = new Intl.NumberFormat(locale, { maximumFractionDigits: 20 });

/** A number for reading, with the separators of the user. */
export function shownNumber(value: Ext): string {
  const exact = exactNumber(value);
  if (/^-?\d{16,}$/.test(exact)) return grouping.format(BigInt(exact));
  const plain = Number(exact);
  return Number.isFinite(plain) && exact.length < 17 ? grouping.format(plain) : exact;
}

const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });

/** Short text of a value for reading: separators, the user's time zone, lists with commas. */
export function shownText(value: Ext | undefined): string {
  switch (kindOf(value)) {
    case "number":
      return shownNumber(value as Ext);
    case "date": {
      const at = dateOf(value);
      return at === undefined ? plainText(value) : moment.format(at);
    }
    case "bool":
      return value ? "Yes" : "No";
    case "list":
      return (value as Ext[]).map((item) => shownText(item)).join(", ");
    case "object":
      return summary(value as ExtObject);
    case "binary":
      return "binary data";
    default:
      return plainText(value);
  }
}

function summary(value: ExtObject): string {
  const parts = Object.entries(value).map(([key, inner]) => {
    const nested = kindOf(inner) === "object" ? "{…}" : shownText(inner);
    return `${key} ${nested === "" ? "—" : nested}`;
  });
  return parts.join(" · ");
}

/** Same type and same content. The order of an object's keys does not matter to a person. */
export function sameValue(one: Ext | undefined, other: Ext | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((item, at) => sameValue(item, other[at]));
  }
  if (typeof one !== "object" || typeof other !== "object") return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => key in other && sameValue(one[key], other[key]));
}

/** A stable name of a record key, to compare and to keep in sets. */
export function keyText(key: Ext): string {
  return typeof key === "string" ? key : JSON.stringify(key);
}
