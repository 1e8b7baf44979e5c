/** Filters as people build them: conditions in groups. Pure. */
import type { Ext, Filter } from "@/ipc";
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

/** Typed text as values for an operator. */
export function readValues(text: string, operator: string, expected: Expected | undefined): Ext[] {
  if (["contains", "startsWith", "regex", "isType"].includes(operator)) return [text];
  const scalar = scalarOf(expected);
  const parts = operator === "in" ? text.split(/[;\n]|,\s/).map((part) => part.trim()) : [text];
  return parts
    .filter((part) => part !== "")
    .map((part) => {
      const parsed = parseInput(part, undefined, scalar);
      return parsed.ok && parsed.value !== undefined ? parsed.value : part;
    });
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
