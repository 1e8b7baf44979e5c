/** What clicking a value of a facet does to the filter. Pure. */
import type { Ext, Filter } from "@/ipc";
import { joined, parts } from "@/shared/filter/model";
import { sameValue } from "@/shared/value/model";

export type ValueState = "none" | "included" | "excluded";

type InFilter = Extract<Filter, { op: "in" }>;

function included(filter: Filter | undefined, field: string): Ext[] {
  const found = parts(filter).find((part): part is InFilter => part.op === "in" && part.field === field);
  return found?.values ?? [];
}

function excluded(filter: Filter | undefined, field: string): Ext[] {
  for (const part of parts(filter)) {
    if (part.op === "not" && part.not.op === "in" && part.not.field === field) return part.not.values;
  }
  return [];
}

export function valueState(filter: Filter | undefined, field: string, value: Ext): ValueState {
  if (included(filter, field).some((other) => sameValue(other, value))) return "included";
  return excluded(filter, field).some((other) => sameValue(other, value)) ? "excluded" : "none";
}

/** Whether a condition is one that the facet of this field makes. */
export function fieldParts(part: Filter, field: string): boolean {
  const inner = part.op === "not" ? part.not : part;
  if (inner.op === "in") return inner.field === field;
  return inner.op === "compare" && inner.field === field && (inner.cmp === "gte" || inner.cmp === "lte");
}

function toggledValue(values: Ext[], value: Ext): Ext[] {
  const rest = values.filter((other) => !sameValue(other, value));
  return rest.length === values.length ? [...values, value] : rest;
}

/** Includes or leaves out a value; the same click again takes that back. */
export function conditionFor(
  filter: Filter | undefined,
  field: string,
  value: Ext,
  leaveOut: boolean,
): Filter | undefined {
  const drop = (values: Ext[]) => values.filter((other) => !sameValue(other, value));
  const inside = included(filter, field);
  const outside = excluded(filter, field);
  const nextInside = leaveOut ? drop(inside) : toggledValue(inside, value);
  const nextOutside = leaveOut ? toggledValue(outside, value) : drop(outside);
  const rest = parts(filter).filter((part) => !isValueCondition(part, field));
  const made: Filter[] = [];
  if (nextInside.length > 0) made.push({ op: "in", field, values: nextInside });
  if (nextOutside.length > 0) made.push({ op: "not", not: { op: "in", field, values: nextOutside } });
  return joined([...rest, ...made]);
}

function isValueCondition(part: Filter, field: string): boolean {
  const inner = part.op === "not" ? part.not : part;
  return inner.op === "in" && inner.field === field;
}
