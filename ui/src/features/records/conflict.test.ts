import { expect, it } from "vitest";
import type { EditRecord } from "@/ipc";
import { resolvedRequest } from "./conflict.model";

const request: EditRecord = {
  collection: "careers",
  key: "a",
  allowInvalid: false,
  changes: [
    { path: "title", before: "old", after: "mine" },
    { path: "pay", before: 1, after: 2 },
    { path: "note", after: "new" },
  ],
};
const conflicts = [
  { path: "title", before: "old", mine: "mine", theirs: "theirs" },
  { path: "pay", before: 1, mine: 2 },
];

it("writes mine over what is there now, leaves theirs alone, keeps the rest", () => {
  expect(resolvedRequest(request, conflicts, { title: "mine", pay: "theirs" }).changes).toEqual([
    { path: "title", before: "theirs", after: "mine" },
    { path: "note", after: "new" },
  ]);
});

it("states that a field is gone where they removed it", () => {
  expect(resolvedRequest(request, conflicts, { title: "theirs", pay: "mine" }).changes[0]).toEqual({
    path: "pay",
    after: 2,
  });
});
