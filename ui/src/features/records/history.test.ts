import { expect, it } from "vitest";
import type { FieldChange, HistoryEntry } from "@/ipc";
import { fieldsSince, revertOf } from "./history.model";

const entry = (id: string, op: "insert" | "update", fields: FieldChange[] = []) =>
  ({
    changeSet: { id, at: `2026-01-0${id}T00:00:00Z`, actor: `person ${id}` },
    change: { collection: "c", key: "k", op, fields },
  }) as unknown as HistoryEntry;

it("each field is listed with its latest change, up to when the record was added", () => {
  const entries = [
    entry("4", "update", [{ path: "a", before: 2, after: 3 }]),
    entry("3", "update", [
      { path: "a", before: 1, after: 2 },
      { path: "b", after: "x" },
    ]),
    entry("2", "insert"),
    entry("1", "update", [{ path: "c", before: 1 }]),
  ];
  const fields = fieldsSince(entries);
  expect(fields.map(({ change, actor }) => [change.path, actor])).toEqual([
    ["a", "person 4"],
    ["b", "person 3"],
  ]);
  expect(fields[0] && revertOf("c", "k", fields[0]).changes).toEqual([{ path: "a", before: 3, after: 2 }]);
  expect(fields[1] && revertOf("c", "k", fields[1]).changes).toEqual([{ path: "b", before: "x" }]);
});
