import { expect, it } from "vitest";
import type { QuarantineEntry } from "@/ipc";
import { conditionsOf, editable, entryTitle, filterOfSearch, isConfirmable } from "./model";

const entry: QuarantineEntry = {
  id: "1",
  runId: "r",
  collection: "careers",
  sourceFile: "a.json",
  sourceHash: "",
  rowNumber: 3,
  byteOffset: 0,
  raw: '{"title": "Nurse", ',
  rawBase64: false,
  errors: [],
  schema: "careers@1.0.0",
  status: "waiting",
  quarantinedAt: "",
  edited: false,
};

it("shows what waits unless asked otherwise", () => {
  expect(filterOfSearch({ rule: "required" })).toEqual({ rule: "required", status: "waiting" });
  expect(filterOfSearch({ status: "discarded", run: "r" })).toEqual({ runId: "r", status: "discarded" });
  expect(filterOfSearch({ status: "nonsense" }).status).toBe("waiting");
});

it("names rows that can be read and rows that cannot", () => {
  expect(entryTitle({ ...entry, document: { id: "x", title: "Nurse" } })).toBe("Nurse");
  expect(entryTitle(entry)).toBe(entry.raw);
});

it("starts from the raw text where no record was read", () => {
  expect(editable(entry)).toEqual({});
  expect(editable({ ...entry, raw: '{"a":1}' })).toEqual({ a: 1 });
});

it("a value that was read with doubt can be confirmed, a broken rule cannot", () => {
  const violation = (pointer: string, rule: string) => ({ pointer, rule, message: "" });
  expect(isConfirmable(violation("/a", "unreadable"))).toBe(true);
  expect(isConfirmable(violation("/a", "mapping.number"))).toBe(true);
  expect(isConfirmable(violation("", "syntax"))).toBe(false);
  expect(isConfirmable(violation("/a", "required"))).toBe(false);
});

it("says each condition of the address in words, with what taking it away means", () => {
  expect(conditionsOf({ rule: "required", field: "average_salary", file: "a.csv", schema: "none" })).toEqual([
    { words: expect.stringMatching(/^Average salary /), parts: ["rule", "field"] },
    { words: "a.csv", parts: ["file"] },
    { words: "Without a schema", parts: ["schema"] },
  ]);
  expect(conditionsOf({ status: "waiting", entry: "x" })).toEqual([]);
});
