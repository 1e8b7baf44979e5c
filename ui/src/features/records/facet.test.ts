import { expect, it } from "vitest";
import { conditionFor, valueState } from "./facet.model";

it("includes, adds, leaves out and undoes", () => {
  const one = conditionFor(undefined, "level", "PhD", false);
  expect(one).toEqual({ op: "in", field: "level", values: ["PhD"] });
  const two = conditionFor(one, "level", "Master's", false);
  expect(two).toEqual({ op: "in", field: "level", values: ["PhD", "Master's"] });
  const out = conditionFor(two, "level", "PhD", true);
  expect(valueState(out, "level", "PhD")).toBe("excluded");
  expect(valueState(out, "level", "Master's")).toBe("included");
  expect(conditionFor(conditionFor(out, "level", "PhD", true), "level", "Master's", false)).toBeUndefined();
});

it("leaves conditions on other fields alone", () => {
  const other = { op: "blank", field: "title" } as const;
  expect(conditionFor(other, "level", "PhD", false)).toEqual({
    op: "and",
    all: [other, { op: "in", field: "level", values: ["PhD"] }],
  });
});
