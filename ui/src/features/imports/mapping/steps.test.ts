import { expect, it } from "vitest";
import {
  forms,
  freshStep,
  kindOfStep,
  setting,
  sourceWords,
  stepKinds,
  stepWords,
  tableOf,
  tableText,
  typed,
  withSetting,
  written,
} from "./steps";

it("every kind of step has a fresh one, a form and words", () => {
  for (const kind of stepKinds) {
    const step = freshStep(kind);
    expect(kindOfStep(step)).toBe(kind);
    expect(forms[kind].length).toBeGreaterThan(0);
    expect(stepWords(step)).not.toBe("");
  }
});

it("chips tell what a step does", () => {
  expect(stepWords({ number: { decimal: "comma", range: { here: "mean" } } })).toBe(
    "number · 1.234,56 · ranges",
  );
  expect(stepWords({ date: { formats: ["%d.%m.%Y"], as: "day" } })).toBe("date %d.%m.%Y · day");
  expect(stepWords({ replace: { pattern: "x", with: "" } })).toBe("x → nothing");
  expect(stepWords({ lookup: { table: { a: 1, b: 2 } } })).toBe("look up 2");
  expect(sourceWords("Job Title")).toBe("Job Title");
  expect(sourceWords({ constant: "x" })).toBe("always “x”");
  // biome-ignore lint/suspicious/noThenProperty: the word of the document
  expect(sourceWords({ cases: [{ then: "A" }] })).toBe("1 case");
});

it("settings are read and written by path, and given back", () => {
  const one = withSetting({}, "range.min", "low");
  expect(one).toEqual({ range: { min: "low" } });
  expect(setting(one, "range.min")).toBe("low");
  expect(withSetting(one, "range", undefined)).toEqual({});
  expect(withSetting("ends", "", "collapse")).toBe("collapse");
  expect(setting("ends", "")).toBe("ends");
});

it("values keep their type through typing", () => {
  for (const value of ["plain", "12", 12, true, "true", null, "-0.5", ["a"]]) {
    expect(typed(written(value))).toEqual(value);
  }
  const table = { hs: "High School", one: 1, "1": "one" };
  expect(tableOf(tableText(table))).toEqual(table);
  expect(tableOf("no sign\na = b = c\n\n")).toEqual({ a: "b = c" });
});
