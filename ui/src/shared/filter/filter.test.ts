import { describe, expect, it } from "vitest";
import type { Filter } from "@/ipc";
import {
  conditionOf,
  filterOf,
  filterWords,
  joined,
  operators,
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
    expect(readValues("50,000", "gt", { types: ["number"] })).toEqual([50000]);
    expect(readValues("1; 2", "in", { types: ["integer"] })).toEqual([1, 2]);
    expect(readValues("12", "contains", { types: ["string"] })).toEqual(["12"]);
    expect(readValues("Writing", "eq", { types: ["array"] })).toEqual(["Writing"]);
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
