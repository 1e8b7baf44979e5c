import { expect, it } from "vitest";
import type { QuarantineEntry } from "@/ipc";
import { editsOf, gridColumns, problemColumn, rowOf, withHeld, wrongCell } from "./cells";

function entry(id: string, part: Partial<QuarantineEntry> = {}): QuarantineEntry {
  return {
    id,
    runId: "r",
    collection: "careers",
    sourceFile: "a.json",
    sourceHash: "",
    rowNumber: 1,
    byteOffset: 0,
    raw: "",
    rawBase64: false,
    document: { title: "T", pay: "much" },
    errors: [{ pointer: "/pay", rule: "type", message: "Pay takes a number.", value: "much" }],
    schema: "",
    status: "waiting",
    quarantinedAt: "",
    edited: false,
    ...part,
  };
}

const columns = gridColumns([], [entry("a")]);

it("shows wrong fields first, and a value that could not be read as it came", () => {
  expect(columns.map(({ id }) => id)).toEqual([problemColumn, "pay", "title"]);
  const unread = rowOf(entry("a", { document: { title: "T" } }));
  expect(unread.document.pay).toBe("much");
  expect(unread.problems.get("pay")?.[0]).toContain("much");
});

it("goes from wrong cell to wrong cell", () => {
  const rows = [rowOf(entry("a")), rowOf(entry("b", { errors: [] })), rowOf(entry("c"))];
  const at = (row: number) => rows[row];
  expect(wrongCell({ row: 0, col: 0 }, 1, 3, columns, at)).toEqual({ row: 0, col: 1 });
  expect(wrongCell({ row: 0, col: 1 }, 1, 3, columns, at)).toEqual({ row: 2, col: 1 });
  expect(wrongCell({ row: 2, col: 1 }, -1, 3, columns, at)).toEqual({ row: 0, col: 1 });
  expect(wrongCell({ row: 2, col: 1 }, 1, 3, columns, at)).toBeUndefined();
});

it("names the cells of a paste that cannot be written", () => {
  const rows = [entry("a"), entry("b", { document: undefined })];
  const texts = rows.flatMap((_, row) => [
    { cell: { row, col: 0 }, text: "x" },
    { cell: { row, col: 1 }, text: "50000" },
  ]);
  const done = editsOf(
    texts,
    (row) => rows[row],
    columns,
    () => undefined,
  );
  expect(done.edits).toEqual([{ id: "a", changes: [{ path: "pay", before: "much", after: "50000" }] }]);
  expect(done.refused.map(({ why }) => why)).toEqual([
    "This column is not a field.",
    "This row could not be read as a record. Open it to correct it.",
    "This row could not be read as a record. Open it to correct it.",
  ]);
});

it("holds a released row in its place, and believes the next answer", () => {
  const [a, b] = [entry("a"), entry("b")];
  const released = entry("a", { status: "released" });
  const held = [{ entry: released, at: 0, since: 10 }];
  expect(withHeld([a, b], held, 5).map(({ status }) => status)).toEqual(["released", "waiting"]);
  expect(withHeld([b], held, 20).map(({ id }) => id)).toEqual(["a", "b"]);
  expect(withHeld([a, b], held, 20).map(({ status }) => status)).toEqual(["waiting", "waiting"]);
});
