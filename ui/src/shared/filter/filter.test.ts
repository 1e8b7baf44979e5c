import { describe, expect, it } from "vitest";
import type { Filter } from "@/ipc";
import {
  conditionOf,
  filterOf,
  filterWords,
  finished,
  joined,
  operators,
  operatorsFor,
  rangeOf,
  readValues,
  toggledPart,
  withRange,
} from "./model";

const level: Filter = { op: "compare", field: "education_level", cmp: "eq", value: "PhD" };

describe("conditions", () => {
  it("come back as they went in, for every operator", () => {
    for (const operator of operators) {
      const values = operator.takes === "none" ? [] : operator.id === "isType" ? ["array"] : ["a"];
      const condition = { field: "x", operator: operator.id, values };
      expect(conditionOf(filterOf(condition)), operator.id).toEqual(condition);
    }
  });

  it("read values by the type of the field", () => {
    const values = (...values: unknown[]) => ({ ok: true, values });
    expect(readValues("50,000", "gt", { types: ["number"] })).toEqual(values(50000));
    expect(readValues("1; 2", "in", { types: ["integer"] })).toEqual(values(1, 2));
    expect(readValues("12", "contains", { types: ["string"] })).toEqual(values("12"));
    expect(readValues("Writing", "eq", { types: ["array"] })).toEqual(values("Writing"));
    expect(readValues(" ", "eq", { types: ["number"] })).toEqual(values());
    expect(readValues("200k", "gt", { types: ["number"] })).toEqual({
      ok: false,
      message: '"200k" is not a number.',
    });
  });

  it("fit the type of the field", () => {
    const ids = (kind: Parameters<typeof operatorsFor>[0]) => operatorsFor(kind).map(({ id }) => id);
    expect(ids("number")).not.toContain("contains");
    expect(ids("boolean")).not.toContain("gt");
    expect(ids("text")[0]).toBe("contains");
    expect(ids(undefined)).toHaveLength(operators.length);
    expect(operatorsFor("dateTime").find(({ id }) => id === "gt")?.title).toBe("is after");
  });

  it("do not count until they have their value", () => {
    const open: Filter = { op: "compare", field: "salary", cmp: "gt", value: "" };
    expect(finished(open)).toBeUndefined();
    expect(finished({ op: "and", all: [level, open] })).toEqual(level);
    expect(finished({ op: "and", all: [level, { op: "or", any: [open] }] })).toEqual(level);
    expect(finished({ op: "not", not: { op: "or", any: [open, level] } })).toEqual({
      op: "not",
      not: { op: "or", any: [level] },
    });
    expect(finished({ op: "blank", field: "title" })).toEqual({ op: "blank", field: "title" });
    expect(finished({ op: "text", text: "nurse" })).toEqual({ op: "text", text: "nurse" });
  });
});

describe("conditions together", () => {
  it("are added and taken away by the same click", () => {
    const once = toggledPart(undefined, level);
    expect(once).toEqual(level);
    expect(toggledPart(once, { ...level })).toBeUndefined();
  });

  it("keep one range a field", () => {
    const filter = withRange(withRange(level, "salary", [1, 5]), "salary", [2, 3]);
    expect(rangeOf(filter, "salary")).toEqual([2, 3]);
    expect(withRange(filter, "salary")).toEqual(level);
  });

  it("read as words", () => {
    const filter = joined([level, { op: "not", not: { op: "blank", field: "title" } }]) as Filter;
    expect(filterWords(filter, (field) => field)).toBe("education_level is PhD and title is filled in");
  });
});
