import { expect, it } from "vitest";
import type { Examined, RunFile } from "@/ipc";
import { duplicatesOf, inOrderOf, quarantineSentence, sourceWords } from "./model";

const counts = { read: 20, inserted: 8, updated: 0, unchanged: 0, quarantined: 12 };

it("says why rows wait, in words", () => {
  expect(
    quarantineSentence(counts, [
      { field: "average_salary", rule: "required", message: "", rows: 9 },
      { field: "career_id", rule: "duplicate_key", message: "", rows: 3 },
    ]),
  ).toBe("12 rows were put into quarantine: 9 have no average salary and 3 repeat a key.");
  expect(quarantineSentence({ ...counts, quarantined: 1 }, [])).toBe("1 row was put into quarantine.");
  expect(quarantineSentence({ ...counts, quarantined: 0 }, [])).toBe("");
});

it("files that are picked again come in the order of the run", () => {
  const handle = (name: string) => ({ id: name, name, bytes: 1 });
  const files = ["a.csv", "b.csv"].map((name) => ({ name }) as RunFile);
  const names = (...picked: string[]) => inOrderOf(files, picked.map(handle)).map((file) => file.name);
  expect(names("b.csv", "a.csv")).toEqual(["a.csv", "b.csv"]);
  expect(names("renamed.csv", "a.csv")).toEqual(["a.csv", "renamed.csv"]);
  expect(names()).toEqual([]);
});

it("a source is described from the outside in", () => {
  const source: Examined = {
    format: "csv",
    compression: "gzip",
    encoding: "windows-1252",
    dialect: { delimiter: "\\t", quote: '"', header: true },
    columns: ["id"],
    parts: [],
    notes: [],
    recognised: "",
  };
  expect(sourceWords(source)).toEqual(["gzip", "separated values, tab", "windows-1252"]);
});

it("a policy for rows that share a key is chosen by name", () => {
  expect(duplicatesOf("default", [])).toBeUndefined();
  expect(duplicatesOf("last", [])).toEqual({ keep: "last" });
  expect(duplicatesOf("newest", ["id", "updated_at"])).toEqual({ keep: "newest", field: "updated_at" });
  expect(duplicatesOf("newest", ["id"])).toEqual({ keep: "newest", field: "" });
});
