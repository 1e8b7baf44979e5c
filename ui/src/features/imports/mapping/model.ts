/** A mapping while it is edited: its history, its rules, and what belongs to which rule. Pure. */
import type { Ext, Mapping, MappingRule, MappingSource, ProblemCount, Suggestion, Violation } from "@/ipc";
import { isObject } from "@/shared/value/model";

/** Every state the mapping had, for undo and redo. `typing` names the place that is being typed at. */
export type History = { past: Mapping[]; now: Mapping; future: Mapping[]; typing?: string };

const depth = 200;

export const emptyMapping: Mapping = { version: 1, rules: [] };

export function begun(now: Mapping): History {
  return { past: [], now, future: [] };
}

/** A new state. Letters typed one after the other at the same place are one step. */
export function edited(history: History, now: Mapping, typing?: string): History {
  if (JSON.stringify(now) === JSON.stringify(history.now)) return history;
  const goesOn = typing !== undefined && typing === history.typing;
  const past = goesOn ? history.past : [...history.past, history.now].slice(-depth);
  return { past, now, future: [], ...(typing === undefined ? {} : { typing }) };
}

export function undone({ past, now, future }: History): History {
  const before = past.at(-1);
  return before ? { past: past.slice(0, -1), now: before, future: [now, ...future] } : { past, now, future };
}

export function redone({ past, now, future }: History): History {
  const [next, ...rest] = future;
  return next ? { past: [...past, now], now: next, future: rest } : { past, now, future };
}

export function rulesOf(mapping: Mapping): MappingRule[] {
  return mapping.rules ?? [];
}

export function withRules(mapping: Mapping, rules: MappingRule[]): Mapping {
  return { ...mapping, rules };
}

export function withRule(mapping: Mapping, at: number, rule: MappingRule): Mapping {
  return withRules(
    mapping,
    rulesOf(mapping).map((old, other) => (other === at ? rule : old)),
  );
}

export function withoutRule(mapping: Mapping, at: number): Mapping {
  return withRules(
    mapping,
    rulesOf(mapping).filter((_, other) => other !== at),
  );
}

/** The list with one item at another place; the same list where there is none. */
export function moved<T>(items: T[], from: number, to: number): T[] {
  const item = items[from];
  if (item === undefined || to < 0 || to >= items.length) return items;
  const rest = items.filter((_, at) => at !== from);
  return [...rest.slice(0, to), item, ...rest.slice(to)];
}

/** The column as rules name it, without regard to case, spaces, `_` and `-`. */
export function folded(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, "");
}

/** All columns that a source reads. */
export function columnsOf(source: MappingSource): string[] {
  if (typeof source === "string") return [source];
  if ("template" in source) {
    return [...source.template.replaceAll("{{", "").matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? "");
  }
  if ("cases" in source) {
    return source.cases.flatMap((one) => [
      ...(one.when ?? []).map((condition) => condition.column),
      ...columnsOf(one.then),
    ]);
  }
  return [];
}

/** The column of the file that a name in a rule means. */
export function columnNamed(name: string, columns: string[]): string | undefined {
  if (columns.includes(name)) return name;
  const numbered = /^#(\d+)$/.exec(name);
  if (numbered) return columns[Number(numbered[1]) - 1];
  return columns.find((column) => folded(column) === folded(name));
}

/** Columns that no rule reads; those left out on purpose are listed apart. */
export function unusedColumns(mapping: Mapping, columns: string[]): { column: string; dropped: boolean }[] {
  const named = (names: string[]) => new Set(names.map((name) => columnNamed(name, columns)));
  const used = named(rulesOf(mapping).flatMap((rule) => columnsOf(rule.from)));
  const dropped = named(mapping.drop ?? []);
  return columns
    .filter((column) => !used.has(column))
    .map((column) => ({ column, dropped: dropped.has(column) || mapping.unmapped === "drop" }));
}

/** Names on the way to a target: `a.b`, or the pointer `/a.b` for names with dots. */
export function segmentsOf(to: string): string[] {
  if (to === "") return [];
  if (!to.startsWith("/")) return to.split(".");
  return to
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** One name of an RFC 6901 pointer. */
export function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Fields of the records that no rule writes, the first ones. */
export function keptFields(rows: { document?: Ext }[], rules: MappingRule[]): string[] {
  const ruled = new Set(rules.map((rule) => segmentsOf(rule.to)[0]));
  const names = new Set(rows.flatMap(({ document }) => (isObject(document) ? Object.keys(document) : [])));
  return [...names].filter((name) => !ruled.has(name) && name !== "_id").slice(0, 12);
}

export function pointerOf(to: string): string {
  return segmentsOf(to)
    .map((part) => `/${escaped(part)}`)
    .join("");
}

export function valueAtTarget(document: Ext | undefined, to: string): Ext | undefined {
  let here: Ext | undefined = document;
  for (const segment of segmentsOf(to)) {
    if (Array.isArray(here)) here = here[Number(segment)];
    else if (isObject(here) && Object.hasOwn(here, segment)) here = here[segment];
    else return undefined;
  }
  return here;
}

/** The value of a column in a row of the source. */
export function sourceValue(row: Ext | undefined, name: string, columns: string[]): Ext | undefined {
  const exact = columnNamed(name, columns) ?? name;
  if (isObject(row) && Object.hasOwn(row, exact)) return row[exact];
  return valueAtTarget(row, exact);
}

/** Violations at the target of a rule or inside it. */
export function violationsAt(violations: Violation[], to: string): Violation[] {
  const pointer = pointerOf(to);
  if (pointer === "") return [];
  return violations.filter((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
}

/** Violations that belong to no rule: of the whole row, or of fields that nothing is mapped to. */
export function otherViolations(violations: Violation[], rules: MappingRule[]): Violation[] {
  return violations.filter((one) => !rules.some((rule) => violationsAt([one], rule.to).length > 0));
}

/** Problems of the trial at the field of a rule. */
export function problemsAt(problems: ProblemCount[], to: string): ProblemCount[] {
  return problems.filter((problem) => problem.field === segmentsOf(to)[0]);
}

/** Required fields that no row has: nothing is mapped to them, or to the wrong columns. */
export function unfilled(problems: ProblemCount[], checked: number): string[] {
  return problems
    .filter((problem) => problem.rows === checked && checked > 0)
    .filter((problem) => problem.rule === "required" || problem.rule === "missing_key")
    .map((problem) => problem.field);
}

/** Why a rule stands here, where it is the suggested one still. */
export function suggestedReason(rule: MappingRule, suggestion: Suggestion | undefined): string | undefined {
  const same = suggestion?.mapping.rules?.some((one) => sameRule(one, rule));
  if (!same || typeof rule.from !== "string") return undefined;
  const match = suggestion?.matches.find((one) => one.column === rule.from && one.to === rule.to);
  return match && `${Math.round(match.confidence * 100)} % sure: ${match.reason}`;
}

function sameRule(a: MappingRule, b: MappingRule): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** Which rule and which step of it a place in the document belongs to. */
export function placeOf(pointer: string): { rule?: number; step?: number } {
  const match = /^\/rules\/(\d+)(?:\/steps\/(\d+))?/.exec(pointer);
  if (!match) return {};
  return { rule: Number(match[1]), ...(match[2] === undefined ? {} : { step: Number(match[2]) }) };
}

/** The text of a JSON document as a mapping; nothing while it cannot be read. */
export function parsedMapping(text: string): Mapping | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const fine = typeof json === "object" && json !== null && !Array.isArray(json);
    const rules = (json as { rules?: unknown }).rules;
    return fine && (rules === undefined || isRuleList(rules)) ? (json as Mapping) : undefined;
  } catch {
    return undefined;
  }
}

/** Enough of a shape to be drawn; what is wrong inside is the backend's to say. */
function isRuleList(rules: unknown): boolean {
  const isRule = (rule: unknown) =>
    typeof rule === "object" &&
    rule !== null &&
    typeof (rule as MappingRule).to === "string" &&
    isSource((rule as MappingRule).from) &&
    ((rule as MappingRule).steps === undefined || isStepList((rule as MappingRule).steps));
  return Array.isArray(rules) && rules.every(isRule);
}

function isSource(source: unknown): boolean {
  if (typeof source === "string") return true;
  if (typeof source !== "object" || source === null) return false;
  if ("template" in source) return typeof source.template === "string";
  if ("cases" in source) {
    const isCase = (one: unknown) =>
      typeof one === "object" && one !== null && "then" in one && isSource(one.then);
    return Array.isArray(source.cases) && source.cases.every(isCase);
  }
  return "constant" in source;
}

function isStepList(steps: unknown): boolean {
  return (
    Array.isArray(steps) &&
    steps.every((step) => typeof step === "object" && step !== null && Object.keys(step).length === 1)
  );
}
