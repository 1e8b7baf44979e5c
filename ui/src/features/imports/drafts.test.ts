import { expect, it } from "vitest";
import {
  type ImportDraft,
  importAbout,
  importDraftsOf,
  importTitle,
  readImportDraft,
  readStep,
  withFiles,
} from "./drafts.model";

const draft: ImportDraft = {
  id: "d1",
  address: "/a.steward",
  files: [{ id: "f1", name: "a.csv", bytes: 1 }],
  step: "mapping",
  choice: {
    files: ["f1"],
    choices: [{ delimiter: ";" }],
    collection: "careers",
    mode: "upsert",
    mapping: { version: 1, rules: [] },
  },
  startedAt: "2026-05-04T10:00:00.000Z",
};

it("comes out of the storage as it went in, and nothing else does", () => {
  expect(readImportDraft("d1", draft)).toEqual(draft);
  expect(readImportDraft("d2", draft)).toBeUndefined();
  expect(readImportDraft("d1", undefined)).toBeUndefined();
  expect(readStep("nowhere")).toBe("files");
});

it("keeps what was chosen when its files are chosen again", () => {
  const again = withFiles(draft, [
    { id: "f2", name: "a.csv", bytes: 1 },
    { id: "f3", name: "b.csv", bytes: 1 },
  ]);
  expect(again.choice).toMatchObject({
    files: ["f2", "f3"],
    choices: [{ delimiter: ";" }, {}],
    mapping: { version: 1, rules: [] },
  });
});

it("is listed in its workspace, newest first, with what it is and where it stopped", () => {
  const newer = { ...draft, id: "d3", startedAt: "2026-05-05T10:00:00.000Z" };
  const elsewhere = { ...draft, id: "d4", address: "/b.steward" };
  expect(importDraftsOf([draft, elsewhere, newer], "/a.steward")).toEqual([newer, draft]);
  expect([importTitle(draft), importAbout(draft)]).toEqual(["a.csv", "into careers · editing the mapping"]);
});
