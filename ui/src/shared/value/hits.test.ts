import { expect, test } from "vitest";
import { fromFirst } from "./Hits";

test("a text begins shortly before its first hit where that is far", () => {
  expect(fromFirst("Chemical Engineers", ["engin"])).toBe("Chemical Engineers");
  expect(fromFirst("In business and finance, people help engineering teams", ["ENGIN"])).toBe(
    "…people help engineering teams",
  );
  expect(fromFirst("Nothing of the kind is in this long sentence", ["engin"])).toContain("Nothing");
});
