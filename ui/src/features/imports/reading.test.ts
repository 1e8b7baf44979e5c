import { expect, it } from "vitest";
import type { Examined } from "@/ipc";
import {
  adviceFor,
  chosen,
  controlsFor,
  delimiterOptions,
  none,
  partName,
  partOptions,
  quoteOptions,
} from "./reading";

const table: Examined = {
  format: "csv",
  compression: "",
  encoding: "UTF-8",
  dialect: { delimiter: ";", quote: '"', header: true },
  columns: ["a"],
  parts: [],
  notes: [],
  recognised: "",
};
const book: Examined = {
  format: "excel",
  compression: "",
  encoding: "",
  columns: ["a"],
  parts: [{ name: "One", rows: 1 }, { name: "Two" }],
  part: "One",
  notes: [],
  recognised: "",
};

it("offers what means something for a source", () => {
  expect(controlsFor(table, {})).toEqual({ part: false, encoding: true, dialect: true, header: true });
  expect(controlsFor(book, {})).toEqual({ part: true, encoding: false, dialect: false, header: true });
  const { dialect: _none, ...json } = { ...table, format: "ndjson" as const };
  expect(controlsFor(json, {})).toEqual({ part: false, encoding: true, dialect: false, header: false });
  expect(controlsFor({ ...json, format: "unknown" }, {}).dialect).toBe(true);
});

it("a choice can be given back to what is recognised", () => {
  const one = chosen({}, { delimiter: "|" });
  expect(one).toEqual({ delimiter: "|" });
  expect(chosen(one, { encoding: "UTF-16LE" })).toEqual({ delimiter: "|", encoding: "UTF-16LE" });
  expect(chosen(one, { delimiter: undefined as never })).toEqual({});
});

it("lists hold what stands now, and a word for nothing", () => {
  expect(delimiterOptions("~").at(-1)).toEqual({ value: "~", label: "~" });
  expect(delimiterOptions(";").filter((option) => option.value === ";")).toHaveLength(1);
  expect(quoteOptions("").map((option) => option.value)).toContain(none);
});

it("parts are called what they are", () => {
  expect(partName(book)).toBe("Sheet");
  expect(partName({ ...table, compression: "zip" })).toBe("File");
  expect(partOptions(book).map((option) => option.label)).toEqual(["One (1 row)", "Two"]);
  expect(partOptions({ ...table, parts: [{ name: "" }] })[0]).toEqual({
    value: none,
    label: "the object itself",
  });
});

it("a file without rows says what to do", () => {
  expect(adviceFor(table)).toBeUndefined();
  expect(adviceFor({ ...table, format: "empty" })).toContain("empty");
  expect(adviceFor({ ...table, format: "unknown" })).toContain("separator");
});
