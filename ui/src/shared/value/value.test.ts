import { describe, expect, it } from "vitest";
import { keyText, kindOf, plainText, sameValue, shownText } from "./model";
import { parseInput } from "./parse";
import { changesBetween, pointerToPath, valueAt, withValue } from "./path";

describe("kinds", () => {
  it("tells missing, null and empty text apart", () => {
    expect([kindOf(undefined), kindOf(null), kindOf("")]).toEqual(["missing", "null", "text"]);
  });

  it("knows wrapped values from plain objects", () => {
    expect(kindOf({ $numberLong: "9007199254740993" })).toBe("number");
    expect(kindOf({ $date: "2026-05-04T09:30:00Z" })).toBe("date");
    expect(kindOf({ $oid: "65f0c0ffee65f0c0ffee65f0" })).toBe("id");
    expect(kindOf({ min: 1 })).toBe("object");
    expect(kindOf({})).toBe("object");
  });
});

describe("text", () => {
  it("keeps every digit of a long number", () => {
    expect(plainText({ $numberLong: "9007199254740993" })).toBe("9007199254740993");
    expect(shownText({ $numberLong: "9007199254740993" })).toBe("9,007,199,254,740,993");
    expect(shownText({ $numberDecimal: "0.1000000000000000055" })).toBe("0.1000000000000000055");
  });

  it("summarises nested objects", () => {
    expect(shownText({ min: 62000, max: null, currency: "USD" })).toBe("min 62,000 · max — · currency USD");
  });
});

describe("sameness", () => {
  it("ignores the order of keys and nothing else", () => {
    expect(sameValue({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
    expect(sameValue([1, 2], [2, 1])).toBe(false);
    expect(sameValue(null, undefined)).toBe(false);
    expect(sameValue(1, { $numberLong: "1" })).toBe(false);
  });

  it("names keys", () => {
    expect(keyText("a")).toBe("a");
    expect(keyText({ $oid: "00" })).toBe('{"$oid":"00"}');
  });
});

describe("paths", () => {
  it("reads, writes and removes without touching the original", () => {
    const document = { range: { min: 1, max: 2 } };
    expect(valueAt(document, "range.max")).toBe(2);
    expect(withValue(document, "range.max", 3)).toEqual({ range: { min: 1, max: 3 } });
    expect(withValue(document, "range.max", undefined)).toEqual({ range: { min: 1 } });
    expect(withValue(document, "other.deep", true)).toEqual({
      range: { min: 1, max: 2 },
      other: { deep: true },
    });
    expect(document).toEqual({ range: { min: 1, max: 2 } });
  });

  it("takes a name with a dot or a dollar sign for one name", () => {
    const document = { "usb 3.1": true, "a.b": { "c.d": 1 }, a: { b: 2 }, "": "x" };
    expect([valueAt(document, "/usb 3.1"), valueAt(document, "/a.b/c.d"), valueAt(document, "a.b")]).toEqual([
      true,
      1,
      2,
    ]);
    expect(withValue(document, "/a.b/c.d", 5)["a.b"]).toEqual({ "c.d": 5 });
    const after = { ...document, "usb 3.1": false, "a.b": { "c.d": 2 } };
    expect(changesBetween(document, after)).toEqual([
      { path: "/usb 3.1", before: true, after: false },
      { path: "/a.b/c.d", before: 1, after: 2 },
    ]);
    expect([pointerToPath("/a~1b"), pointerToPath("/usb 3.1"), pointerToPath("/a/b")]).toEqual([
      "a/b",
      "/usb 3.1",
      "a.b",
    ]);
  });

  it("never reads what every object inherits", () => {
    expect(valueAt({}, "constructor")).toBeUndefined();
  });

  it("finds exactly the changed fields", () => {
    const before = { id: "a", range: { min: 1, max: 2 }, tags: ["x"], gone: 1, none: null };
    const after = { id: "a", range: { min: 1, max: 3 }, tags: ["x", "y"], none: "now", fresh: null };
    expect(changesBetween(before, after)).toEqual([
      { path: "range.max", before: 2, after: 3 },
      { path: "tags", before: ["x"], after: ["x", "y"] },
      { path: "gone", before: 1 },
      { path: "none", before: null, after: "now" },
      { path: "fresh", after: null },
    ]);
  });

  it("reads JSON Pointers", () => {
    expect(pointerToPath("/salary_range/min")).toBe("salary_range.min");
    expect(pointerToPath("/a~1b/~0c")).toBe("a/b.~c");
    expect(pointerToPath("")).toBe("");
  });
});

describe("typed text", () => {
  const number = { types: ["number", "null"] };

  it("reads numbers as people write them", () => {
    expect(parseInput("113,610", 1, number)).toEqual({ ok: true, value: 113610 });
    expect(parseInput("$48 250.5", undefined, number)).toEqual({ ok: true, value: 48250.5 });
    expect(parseInput("abc", 1, number)).toMatchObject({ ok: false });
    expect(parseInput("2.5", 1, { types: ["integer"] })).toMatchObject({ ok: false });
  });

  it("keeps the type of the value before", () => {
    expect(parseInput("7", { $numberLong: "6" })).toEqual({ ok: true, value: { $numberLong: "7" } });
    expect(parseInput("2026-05-04", { $date: "2026-05-03T00:00:00Z" })).toEqual({
      ok: true,
      value: { $date: "2026-05-04T00:00:00.000Z" },
    });
    const precise = { $numberDecimal: "1.10" };
    expect(parseInput("1.10", precise)).toEqual({ ok: true, value: precise });
  });

  it("reads lists and words", () => {
    expect(parseInput("a; b ; ", undefined, { types: ["array"] })).toEqual({ ok: true, value: ["a", "b"] });
    expect(parseInput("yes", undefined, { types: ["boolean"] })).toEqual({ ok: true, value: true });
    expect(parseInput("007", undefined, { types: ["string"] })).toEqual({ ok: true, value: "007" });
    expect(parseInput("  ", "x")).toEqual({ ok: true, value: undefined });
  });
});
