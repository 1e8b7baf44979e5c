import { expect, it } from "vitest";
import { readQuarantineSearch, readRecordsSearch } from "./search";

it("keeps what it knows and drops the rest", () => {
  const filter = { op: "blank", field: "title" };
  expect(
    readRecordsSearch({ c: "careers", filter, sort: "title", desc: true, nonsense: 1, finding: "adherence" }),
  ).toEqual({
    c: "careers",
    filter,
    sort: "title",
    desc: true,
    finding: "adherence",
  });
  expect(readRecordsSearch({ filter: "drop", finding: "beauty", desc: "yes", tab: "x" })).toEqual({});
});

it("takes numbers for text where a link holds digits", () => {
  expect(readRecordsSearch({ q: 2024 })).toEqual({ q: "2024" });
  expect(readQuarantineSearch({ rule: "required", entry: "" })).toEqual({ rule: "required" });
});
