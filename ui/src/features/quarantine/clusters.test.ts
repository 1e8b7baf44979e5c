import { expect, it } from "vitest";
import { clustersOf, fingerprint, likeOf } from "./clusters";

it("gathers alike texts, most frequent first, and leaves figures apart", () => {
  const clusters = clustersOf([
    { value: "Full time", rows: 5 },
    { value: "52", rows: 4 },
    { value: "full-time", rows: 3 },
    { value: "53", rows: 2 },
    { value: "FULL  TIME", rows: 1 },
    { value: "fulltime", rows: 1 },
    { value: "Engeneering", rows: 1 },
    { value: "Engineering", rows: 6 },
  ]);
  expect(clusters.map(({ values, rows }) => [rows, ...values.map(({ value }) => value)])).toEqual([
    [10, "Full time", "full-time", "FULL  TIME", "fulltime"],
    [7, "Engeneering", "Engineering"],
    [4, "52"],
    [2, "53"],
  ]);
});

it("knows accents and the order of words, and what is no text", () => {
  expect(fingerprint("Café, Ünter")).toBe(fingerprint("unter cafe"));
  expect(fingerprint("--")).not.toBe(fingerprint("?"));
  expect(fingerprint(5)).not.toBe(fingerprint("5"));
  expect(fingerprint(null)).toBe("=null");
});

it("finds the choice that was meant", () => {
  expect(likeOf("FULL TIME", ["part-time", "full-time"])).toBe("full-time");
  expect(likeOf("tempory", ["temporary"])).toBe("temporary");
  expect(likeOf("other", ["full-time"])).toBeUndefined();
});
