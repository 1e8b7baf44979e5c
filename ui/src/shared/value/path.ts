/**
 * Paths into documents, as every part of Steward writes them: with dots, or as a JSON Pointer where a name has a dot, begins with
 * a dollar sign or is empty. A name with a dot is one name.
 */
import type { Ext, ExtObject, FieldChange } from "@/ipc";
import { isObject, kindOf, sameValue } from "./model";

/** The names on a path. */
export function segmentsOf(path: string): string[] {
  if (!path.startsWith("/")) return path.split(".");
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The path of these names. */
export function pathOf(names: readonly string[]): string {
  const plain = (name: string) => name !== "" && !name.includes(".") && !name.startsWith("$");
  if (names.every(plain) && !names[0]?.startsWith("/")) return names.join(".");
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The path of the field of the record itself that a path leads into. */
export function outermost(path: string): string {
  return pathOf(segmentsOf(path).slice(0, 1));
}

export function valueAt(document: Ext | undefined, path: string): Ext | undefined {
  let here: Ext | undefined = document;
  for (const segment of segmentsOf(path)) {
    if (Array.isArray(here)) here = here[Number(segment)];
    else if (isObject(here)) here = Object.hasOwn(here, segment) ? here[segment] : undefined;
    else return undefined;
  }
  return here;
}

/** A copy of the document with the value set, or taken away where it is `undefined`. */
export function withValue(document: ExtObject, path: string, value: Ext | undefined): ExtObject {
  return withValueAt(document, segmentsOf(path), value);
}

function withValueAt(document: ExtObject, names: string[], value: Ext | undefined): ExtObject {
  const [first, ...rest] = names as [string, ...string[]];
  const copy: ExtObject = { ...document };
  if (rest.length > 0) {
    const inner = copy[first];
    copy[first] = withValueAt(isObject(inner) ? inner : {}, rest, value);
  } else if (value === undefined) {
    delete copy[first];
  } else {
    copy[first] = value;
  }
  return copy;
}

/** Exactly the fields that differ. Goes into nested objects; lists and wrapped values change as a whole. */
export function changesBetween(before: ExtObject, after: ExtObject): FieldChange[] {
  return compare(before, after, []);
}

function compare(before: ExtObject, after: ExtObject, outer: string[]): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name) => compareField(before[name], after[name], [...outer, name]));
}

function compareField(before: Ext | undefined, after: Ext | undefined, names: string[]): FieldChange[] {
  if (sameValue(before, after)) return [];
  if (kindOf(before) === "object" && kindOf(after) === "object") {
    return compare(before as ExtObject, after as ExtObject, names);
  }
  const change: FieldChange = { path: pathOf(names) };
  if (before !== undefined) change.before = before;
  if (after !== undefined) change.after = after;
  return [change];
}

/** `/salary_range/min` (RFC 6901) as `salary_range.min`. */
export function pointerToPath(pointer: string): string {
  return pointer === "" ? "" : pathOf(segmentsOf(pointer));
}
