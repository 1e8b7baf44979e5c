import { expect, it } from "vitest";
import {
  changesOf,
  draftOf,
  edited,
  fieldReverted,
  isChanged,
  messagesAt,
  messagesByPath,
  rebased,
} from "./draft";

const original = { id: "a", range: { min: 1, max: 2 }, note: null };

it("knows exactly what changed, and takes one field back", () => {
  const draft = edited(edited(draftOf(original), "range.max", 5), "note", "new");
  expect(changesOf(draft)).toEqual([
    { path: "range.max", before: 2, after: 5 },
    { path: "note", before: null, after: "new" },
  ]);
  expect(isChanged(changesOf(draft), "range")).toBe(true);
  expect(isChanged(changesOf(draft), "range.min")).toBe(false);
  expect(changesOf(fieldReverted(draft, "range.max"))).toHaveLength(1);
});

it("has nothing to save after typing and taking it back", () => {
  const draft = edited(edited(draftOf(original), "extra", "x"), "extra", undefined);
  expect(changesOf(draft)).toEqual([]);
});

it("keeps what was typed when the record changed underneath", () => {
  const draft = rebased(edited(draftOf(original), "note", "mine"), {
    id: "a",
    range: { min: 9, max: 2 },
    note: null,
  });
  expect(changesOf(draft)).toEqual([{ path: "note", before: null, after: "mine" }]);
  expect(draft.current).toMatchObject({ range: { min: 9 } });
});

it("sorts messages to their fields", () => {
  const messages = messagesByPath([
    { pointer: "/range/min", rule: "type", message: "Not a number." },
    { pointer: "", rule: "placeholder", message: "Filler." },
  ]);
  expect(messagesAt(messages, "range")).toEqual(["Not a number."]);
  expect(messages.get("")).toEqual(["Filler."]);
});
