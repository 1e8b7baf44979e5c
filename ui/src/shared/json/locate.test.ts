import { expect, it } from "vitest";
import { locate } from "./locate";

const text = `{
  "id": "a, \\"b\\"",
  "range": { "min": 12, "max": null },
  "tags": ["x", "y"]
}`;

it.each([
  ["/id", '"a, \\"b\\""'],
  ["/range/min", "12"],
  ["/range", '{ "min": 12, "max": null }'],
  ["/tags/1", '"y"'],
  ["/missing", "{"],
  ["/range/currency", "{"],
])("finds %s", (pointer, expected) => {
  const span = locate(text, pointer);
  expect(text.slice(span.from, span.to)).toBe(expected);
});
