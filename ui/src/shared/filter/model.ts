/** Filters as people build them: conditions in groups. Pure. */
import type { Ext, Filter } from "@/ipc";
import type { FieldKind } from "../schema/model";
import { sameValue, shownText } from "../value/model";
import { type Expected, parseInput } from "../value/parse";

export type Operator = {
  id: string;
  title: string;
  /** How many values it asks for. */
  takes: "none" | "one" | "many";
};

export const operators: Operator[] = [
  { id: "eq", title: "is", takes: "one" },
  { id: "ne", title: "is not", takes: "one" },
  { id: "contains", title: "contains", takes: "one" },
  { id: "startsWith", title: "starts with", takes: "one" },
  { id: "gt", title: "is more than", takes: "one" },
  { id: "gte", title: "is at least", takes: "one" },
  { id: "lt", title: "is less than", takes: "one" },
  { id: "lte", title: "is at most", takes: "one" },
  { id: "in", title: "is one of", takes: "many" },
  { id: "blank", title: "is blank", takes: "none" },
  { id: "filled", title: "is filled in", takes: "none" },
  { id: "missing", title: "is missing", takes: "none" },
  { id: "exists", title: "exists", takes: "none" },
  { id: "isNull", title: "is null", takes: "none" },
  { id: "regex", title: "matches", takes: "one" },
  { id: "isType", title: "has type", takes: "one" },
];

const always = ["blank", "filled", "missing", "exists", "isNull", "isType"];
const ordering = ["gt", "gte", "lt", "lte"];

const byKind: Partial<Record<FieldKind, string[]>> = {
  number: ["eq", "ne", ...ordering, "in"],
  integer: ["eq", "ne", ...ordering, "in"],
  dateTime: ["eq", "ne", ...ordering],
  boolean: ["eq", "ne"],
  choice: ["eq", "ne", "in", "contains"],
  text: ["contains", "startsWith", "eq", "ne", "in", "regex"],
  longText: ["contains", "startsWith", "eq", "ne", "in", "regex"],
  list: ["contains", "eq", "ne", "in", "startsWith", "regex"],
  object: [],
};

const timeTitles: Record<string, string> = {
  gt: "is after",
  gte: "is at or after",
  lt: "is before",
  lte: "is at or before",
};

/** The operators that make sense for a field, the usual one first; all of them where nothing is known of it. */
export function operatorsFor(kind: FieldKind | undefined): Operator[] {
  const fitting = kind && byKind[kind];
  if (!fitting) return operators;
  return [...fitting, ...always].flatMap((id) => {
    const operator = operators.find((item) => item.id === id);
    if (!operator) return [];
    const title = (kind === "dateTime" ? timeTitles[id] : undefined) ?? operator.title;
    return [{ ...operator, title }];
  });
}

export type Condition = { field: string; operator: string; values: Ext[] };

/** The condition a filter leaf stands for; nothing for groups and text search. */
export function conditionOf(filter: Filter): Condition | undefined {
  switch (filter.op) {
    case "compare":
      return { field: filter.field, operator: filter.cmp, values: [filter.value] };
    case "in":
      return { field: filter.field, operator: "in", values: filter.values };
    case "exists":
      return { field: filter.field, operator: filter.exists ? "exists" : "missing", values: [] };
    case "isNull":
      return { field: filter.field, operator: "isNull", values: [] };
    case "blank":
      return { field: filter.field, operator: "blank", values: [] };
    case "regex":
      return { field: filter.field, operator: "regex", values: [filter.pattern] };
    case "contains":
    case "startsWith":
      return { field: filter.field, operator: filter.op, values: [filter.text] };
    case "isType":
      return { field: filter.field, operator: "isType", values: [filter.of] };
    case "not":
      return filter.not.op === "blank"
        ? { field: filter.not.field, operator: "filled", values: [] }
        : undefined;
    default:
      return undefined;
  }
}

const typeNames = [
  "string",
  "number",
  "bool",
  "date",
  "objectId",
  "array",
  "object",
  "binary",
  "null",
] as const;

export const typeChoices: readonly string[] = typeNames;

export function filterOf({ field, operator, values }: Condition): Filter {
  const first = values[0] ?? "";
  const text = typeof first === "string" ? first : JSON.stringify(first);
  switch (operator) {
    case "ne":
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return { op: "compare", field, cmp: operator, value: first };
    case "in":
      return { op: "in", field, values };
    case "exists":
    case "missing":
      return { op: "exists", field, exists: operator === "exists" };
    case "isNull":
    case "blank":
      return { op: operator, field };
    case "filled":
      return { op: "not", not: { op: "blank", field } };
    case "regex":
      return { op: "regex", field, pattern: text, ignoreCase: true };
    case "contains":
    case "startsWith":
      return { op: operator, field, text, ignoreCase: true };
    case "isType":
      return { op: "isType", field, of: typeNames.find((name) => name === text) ?? "string" };
    default:
      return { op: "compare", field, cmp: "eq", value: first };
  }
}

export type ReadValues = { ok: true; values: Ext[] } | { ok: false; message: string };

/** Typed text as values for an operator; or what is wrong with it. Without text there are no values. */
export function readValues(text: string, operator: string, expected: Expected | undefined): ReadValues {
  if (["contains", "startsWith", "regex", "isType"].includes(operator)) {
    return { ok: true, values: text === "" ? [] : [text] };
  }
  const scalar = scalarOf(expected);
  const parts = operator === "in" ? text.split(/[;\n]|,\s/).map((part) => part.trim()) : [text];
  const values: Ext[] = [];
  for (const part of parts.filter((one) => one.trim() !== "")) {
    const parsed = parseInput(part, undefined, scalar);
    if (!parsed.ok) return parsed;
    if (parsed.value !== undefined) values.push(parsed.value);
  }
  return { ok: true, values };
}

/** The filter without conditions that still miss their value, and without groups that are empty then. */
export function finished(filter: Filter | undefined): Filter | undefined {
  if (!filter) return undefined;
  const all = (members: Filter[]) => members.map(finished).filter((member) => member !== undefined);
  const condition = conditionOf(filter);
  if (condition) return isFinished(condition) ? filter : undefined;
  switch (filter.op) {
    case "and":
      return joined(all(filter.all));
    case "or": {
      const any = all(filter.any);
      return any.length > 0 ? { op: "or", any } : undefined;
    }
    case "not": {
      const not = finished(filter.not);
      return not && { op: "not", not };
    }
    default:
      return filter;
  }
}

function isFinished({ operator, values }: Condition): boolean {
  const takes = operators.find((item) => item.id === operator)?.takes ?? "one";
  return takes === "none" || values.some((value) => value !== "");
}

/** A filter on a list field compares its elements. */
function scalarOf(expected: Expected | undefined): Expected | undefined {
  return expected?.types.includes("array") ? { types: ["string"] } : expected;
}

/** The conditions that all have to hold. */
export function parts(filter: Filter | undefined): Filter[] {
  if (!filter) return [];
  return filter.op === "and" ? filter.all : [filter];
}

export function joined(filters: Filter[]): Filter | undefined {
  if (filters.length === 0) return undefined;
  return filters.length === 1 ? filters[0] : { op: "and", all: filters };
}

export function sameFilter(one: Filter, other: Filter): boolean {
  return sameValue(one as unknown as Ext, other as unknown as Ext);
}

/** Adds a condition, or takes it away when it is there already. */
export function toggledPart(filter: Filter | undefined, part: Filter): Filter | undefined {
  const rest = parts(filter).filter((other) => !sameFilter(other, part));
  return joined(rest.length === parts(filter).length ? [...rest, part] : rest);
}

/** Puts a range of a field in the place of the earlier range of that field. */
export function withRange(
  filter: Filter | undefined,
  field: string,
  range?: [number, number],
): Filter | undefined {
  const rest = parts(filter).filter((part) => !isRange(part, field));
  if (!range) return joined(rest);
  return joined([
    ...rest,
    { op: "compare", field, cmp: "gte", value: range[0] },
    { op: "compare", field, cmp: "lte", value: range[1] },
  ]);
}

function isRange(filter: Filter, field: string): boolean {
  return filter.op === "compare" && filter.field === field && (filter.cmp === "gte" || filter.cmp === "lte");
}

export function rangeOf(filter: Filter | undefined, field: string): [number?, number?] {
  const bounds = parts(filter).filter((part) => isRange(part, field));
  const bound = (cmp: string) => {
    const found = bounds.find((part) => part.op === "compare" && part.cmp === cmp);
    return found?.op === "compare" && typeof found.value === "number" ? found.value : undefined;
  };
  return [bound("gte"), bound("lte")];
}

/** A short reading of a filter for chips. */
export function filterWords(filter: Filter, title: (field: string) => string): string {
  const condition = conditionOf(filter);
  if (condition) {
    const operator = operators.find((item) => item.id === condition.operator)?.title ?? condition.operator;
    const values = condition.values.map((value) =>
      value === "" ? "…" : typeof value === "string" ? value : shownText(value),
    );
    return [title(condition.field), operator, values.join(", ")].filter(Boolean).join(" ");
  }
  switch (filter.op) {
    case "text":
      return `text “${filter.text}”`;
    case "not":
      return `not (${filterWords(filter.not, title)})`;
    case "and":
      return filter.all.map((part) => filterWords(part, title)).join(" and ");
    case "or":
      return filter.any.map((part) => filterWords(part, title)).join(" or ");
    default:
      return filter.op;
  }
}
