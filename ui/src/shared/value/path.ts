/** Dotted paths into documents. */
import type { Ext, ExtObject, FieldChange } from "@/ipc";
import { isObject, kindOf, sameValue } from "./model";

export function valueAt(document: Ext | undefined, path: string): Ext | undefined {
  let here: Ext | undefined = document;
  for (const segment of path.split(".")) {
    if (Array.isArray(here)) here = here[Number(segment)];
    else if (isObject(here)) here = Object.hasOwn(here, segment) ? here[segment] : undefined;
    else return undefined;
  }
  return here;
}

/** A copy of the document with the value set, or taken away where it is `undefined`. */
export function withValue(document: ExtObject, path: string, value: Ext | undefined): ExtObject {
  const [first, ...rest] = path.split(".") as [string, ...string[]];
  const copy: ExtObject = { ...document };
  if (rest.length > 0) {
    const inner = copy[first];
    copy[first] = withValue(isObject(inner) ? inner : {}, rest.join("."), value);
  } else if (value === undefined) {
    delete copy[first];
  } else {
    copy[first] = value;
  }
  return copy;
}

/**
 * Exactly the fields that differ. Goes into nested objects; lists and wrapped values change as a whole.
 * A name that holds a dot cannot be written as a path: its parent changes as a whole.
 */
export function changesBetween(before: ExtObject, after: ExtObject): FieldChange[] {
  return compare(before, after, "");
}

function compare(before: ExtObject, after: ExtObject, prefix: string): FieldChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  if (prefix && names.some((name) => name.includes(".") || name.startsWith("$"))) {
    return [{ path: prefix.slice(0, -1), before, after }];
  }
  return names.flatMap((name) => compareField(before[name], after[name], prefix + name));
}

function compareField(before: Ext | undefined, after: Ext | undefined, path: string): FieldChange[] {
  if (sameValue(before, after)) return [];
  if (kindOf(before) === "object" && kindOf(after) === "object") {
    return compare(before as ExtObject, after as ExtObject, `${path}.`);
  }
  const change: FieldChange = { path };
  if (before !== undefined) change.before = before;
  if (after !== undefined) change.after = after;
  return [change];
}

/** `/salary_range/min` (RFC 6901) as `salary_range.min`. */
export function pointerToPath(pointer: string): string {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}
