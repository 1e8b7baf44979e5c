import { expect, it } from "vitest";
import { actionOf, emptyForm, likelyKind } from "./fix";

it("looks until something is filled in", () => {
  for (const kind of ["set", "default", "map", "replace"] as const)
    expect(actionOf({ ...emptyForm, kind })).toEqual({ do: "look" });
});

it("reads what was typed as the schema wants it", () => {
  const expected = { types: ["integer"] };
  expect(actionOf({ ...emptyForm, value: "52,000" }, expected)).toEqual({ do: "set", value: 52000 });
  expect(actionOf({ ...emptyForm, value: "much" }, expected)).toContain("not a number");
  expect(actionOf({ ...emptyForm, kind: "map", exchanged: { '"x"': "7", "3": "" } }, expected)).toEqual({
    do: "map",
    pairs: [{ from: "x", to: 7 }],
  });
});

it("says steps as mappings do", () => {
  expect(actionOf({ ...emptyForm, kind: "replace", pattern: "a.b", with: "c" })).toEqual({
    do: "steps",
    steps: [{ replace: { pattern: "a.b", with: "c", literal: true } }],
  });
  expect(actionOf({ ...emptyForm, kind: "date" })).toEqual({
    do: "steps",
    steps: [{ trim: "ends" }, { date: {} }],
  });
});

it("begins with what is likely to help", () => {
  expect([likelyKind("enum"), likelyKind("type"), likelyKind(undefined)]).toEqual(["map", "number", "set"]);
});
