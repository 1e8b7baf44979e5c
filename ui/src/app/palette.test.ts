import { expect, it } from "vitest";
import type { CollectionInfo } from "@/ipc";
import { inGroups, inOrder, matching, recordFilter } from "./palette.model";

const collection: CollectionInfo = {
  name: "careers",
  records: 361,
  keyField: "career_id",
  titleField: "title",
  waiting: 0,
  indexedFields: [],
  textFields: ["title"],
};

it("offers what belongs to the page first, then what works everywhere", () => {
  const groups = ["Backups", "Help", "Records", "Go to"].map((group) => ({ title: group, group }));
  expect(inOrder(groups).map((item) => item.group)).toEqual(["Records", "Go to", "Backups", "Help"]);
});

it("finds actions by all words, best first", () => {
  const items = [
    { title: "Show jobs", group: "Go to" },
    { title: "Jobs tray", group: "Go to", also: "progress" },
    { title: "Undo", group: "Edit" },
  ];
  expect(matching(items, "jobs").map((item) => item.title)).toEqual(["Jobs tray", "Show jobs"]);
  expect(matching(items, "edit un")).toHaveLength(1);
  expect(matching(items, "")).toHaveLength(3);
});

it("keeps the items of a group together, best group first", () => {
  const items = ["Edit", "Go to", "Edit"].map((group, at) => ({ group, at }));
  expect(inGroups(items).map(({ name, items }) => [name, items.map(({ at }) => at)])).toEqual([
    ["Edit", [0, 2]],
    ["Go to", [1]],
  ]);
});

it("looks for keys and titles, and spares large collections a scan", () => {
  expect(recordFilter("x", collection)).toBeUndefined();
  expect(recordFilter("nurse", collection)?.op).toBe("or");
  expect(recordFilter("nurse", { ...collection, records: 1e6 })).toEqual({ op: "text", text: "nurse" });
  expect(recordFilter("29-1141", { ...collection, records: 1e6 })?.op).toBe("startsWith");
});
