import { expect, it } from "vitest";
import type { EditRecord } from "@/ipc";
import { conflictsOf, mergedDraft, resolvedRequest } from "./conflict.model";

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

it("asks only about fields that both sides changed, to something else", () => {
  const original = { title: "old", pay: 1, note: "n", level: "low" };
  const draft = { original, current: { title: "mine", pay: 2, note: "n", level: "high" } };
  const newer = { title: "theirs", pay: 1, note: "new", level: "high" };
  expect(conflictsOf(draft, newer)).toEqual([
    { path: "title", before: "old", mine: "mine", theirs: "theirs" },
  ]);
  expect(mergedDraft(draft, newer, { title: "theirs" })).toEqual({
    original: newer,
    current: { title: "theirs", pay: 2, note: "new", level: "high" },
  });
  expect(mergedDraft(draft, newer, { title: "mine" }).current).toMatchObject({ title: "mine", note: "new" });
});

it("keeps a removal of theirs where it was chosen", () => {
  const draft = { original: { title: "old" }, current: { title: "mine" } };
  expect(conflictsOf(draft, {})).toEqual([{ path: "title", before: "old", mine: "mine" }]);
  expect(mergedDraft(draft, {}, { title: "theirs" }).current).toEqual({});
});
