import { expect, it } from "vitest";
import type { Mapping } from "@/ipc";
import {
  begun,
  columnNamed,
  columnsOf,
  edited,
  emptyMapping,
  moved,
  otherViolations,
  parsedMapping,
  placeOf,
  pointerOf,
  redone,
  sourceValue,
  suggestedReason,
  undone,
  unfilled,
  unusedColumns,
  valueAtTarget,
  violationsAt,
} from "./model";

const named = (name: string): Mapping => ({ ...emptyMapping, name });

it("edits can be undone and done again; typing is one step", () => {
  let history = begun(emptyMapping);
  for (const name of ["G", "Ga", "Gat"]) history = edited(history, named(name), "name");
  history = edited(history, { ...named("Gat"), unmapped: "drop" });
  expect(history.past).toHaveLength(2);
  history = undone(history);
  expect(history.now).toEqual(named("Gat"));
  history = undone(history);
  expect(history.now).toEqual(emptyMapping);
  expect(undone(history).now).toEqual(emptyMapping);
  history = redone(redone(redone(history)));
  expect(history.now.unmapped).toBe("drop");
  expect(edited(history, { ...history.now })).toBe(history);
  expect(edited(undone(history), named("other")).future).toEqual([]);
});

it("items move within their list", () => {
  expect(moved(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b"], 1, 2)).toEqual(["a", "b"]);
});

it("columns are found as rules name them", () => {
  const columns = ["Job Title", "Salary"];
  expect(columnNamed("job_title", columns)).toBe("Job Title");
  expect(columnNamed("#2", columns)).toBe("Salary");
  expect(columnNamed("Grade", columns)).toBeUndefined();
  expect(columnsOf({ template: "{First} {{not}} {Last}" })).toEqual(["First", "Last"]);
  // biome-ignore lint/suspicious/noThenProperty: the word of the document
  const cases = { cases: [{ when: [{ column: "A", is: "missing" as const }], then: "B" }] };
  expect(columnsOf(cases)).toEqual(["A", "B"]);
  const mapping: Mapping = { version: 1, drop: ["x"], rules: [{ to: "title", from: "job title" }] };
  expect(unusedColumns(mapping, ["Job Title", "X", "Y"])).toEqual([
    { column: "X", dropped: true },
    { column: "Y", dropped: false },
  ]);
});

it("targets are paths or pointers", () => {
  expect(pointerOf("a.b")).toBe("/a/b");
  expect(pointerOf("/a.b")).toBe("/a.b");
  expect(valueAtTarget({ a: { b: [1, 2] } }, "a.b.1")).toBe(2);
  expect(valueAtTarget({ "a.b": 3 }, "/a.b")).toBe(3);
  expect(sourceValue({ "Job.Title": "x" }, "job.title", ["Job.Title"])).toBe("x");
  expect(sourceValue({ person: { name: "Ada" } }, "person.name", ["person.name"])).toBe("Ada");
});

it("violations stand at the rule that they belong to", () => {
  const one = { pointer: "/levels/2", rule: "mapping.lookup", message: "unknown" };
  const whole = { pointer: "", rule: "columns", message: "too few" };
  expect(violationsAt([one, whole], "levels")).toEqual([one]);
  expect(violationsAt([one], "level")).toEqual([]);
  expect(otherViolations([one, whole], [{ to: "levels", from: "L" }])).toEqual([whole]);
  expect(placeOf("/rules/2/steps/1/number")).toEqual({ rule: 2, step: 1 });
  expect(placeOf("/rules/0/from")).toEqual({ rule: 0 });
  expect(placeOf("/zone")).toEqual({});
});

it("required fields that no row has are distinguished from gaps", () => {
  const problem = { field: "title", rule: "required", message: "", rows: 5 };
  expect(unfilled([problem], 5)).toEqual(["title"]);
  expect(unfilled([problem], 6)).toEqual([]);
});

it("a rule is the suggested one until it is changed", () => {
  const rule = { to: "title", from: "Job", steps: [{ trim: "ends" as const }] };
  const suggestion = {
    mapping: { version: 1, rules: [rule] },
    matches: [{ column: "Job", to: "title", confidence: 0.774, reason: "Alike." }],
    unmatchedColumns: [],
    missingFields: [],
    questions: [],
  };
  expect(suggestedReason({ from: "Job", to: "title", steps: rule.steps }, suggestion)).toBe(
    "77 % sure: Alike.",
  );
  expect(suggestedReason({ ...rule, steps: [] }, suggestion)).toBeUndefined();
});

it("only what can be drawn is taken from text", () => {
  expect(parsedMapping('{"version": 1, "rules": [{"to": "a", "from": "A"}]}')?.rules).toHaveLength(1);
  for (const text of [
    "{",
    "[]",
    '{"rules": 3}',
    '{"rules": [{"to": "a"}]}',
    '{"rules": [{"to": "a", "from": {"cases": [1]}}]}',
  ]) {
    expect(parsedMapping(text), text).toBeUndefined();
  }
});
