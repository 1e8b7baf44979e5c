import { expect, it } from "vitest";
import { afterRedo, afterUndo, emptyStack, pushed, without } from "./stack";

const first = { changeSet: "1", summary: "Changed title" };
const second = { changeSet: "2", summary: "Deleted 3 records" };

it("walks back and forth", () => {
  let stack = pushed(pushed(emptyStack, first), second);
  stack = afterUndo(stack, second, { changeSet: "3" });
  expect(stack).toEqual({ done: [first], undone: [{ changeSet: "3", summary: second.summary }] });
  stack = afterRedo(stack, { changeSet: "3", summary: second.summary }, { changeSet: "4" });
  expect(stack).toEqual({ done: [first, { changeSet: "4", summary: second.summary }], undone: [] });
});

it("forgets the redo after a fresh write", () => {
  const stack = pushed(afterUndo(pushed(emptyStack, first), first, { changeSet: "3" }), second);
  expect(stack).toEqual({ done: [second], undone: [] });
});

it("keeps an entry once and drops what was undone elsewhere", () => {
  const stack = pushed(pushed(emptyStack, first), first);
  expect(stack.done).toHaveLength(1);
  expect(without(stack, "1")).toEqual(emptyStack);
});
