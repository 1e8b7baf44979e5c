import { describe, expect, it } from "vitest";
import { draftAbout, draftName, draftsOf, draftTitle, type KeptDraft, readDraft } from "./drafts.model";

function kept(address: string, collection: string, title: string, key?: string): KeptDraft {
  const draft = { original: { id: key ?? null }, current: { id: key ?? null, title: "x", salary: 1 } };
  return { address, collection, title, draft, ...(key === undefined ? {} : { key }) };
}

describe("drafts of a workspace", () => {
  const one = kept("/a.steward", "careers", "Zoologists", "1");
  const two = kept("/a.steward", "careers", "Actors", "2");
  const fresh = kept("/a.steward", "careers", "");
  const elsewhere = kept("/b.steward", "careers", "Actors", "2");

  it("lists its own by name, new records last", () => {
    expect(draftsOf([fresh, one, elsewhere, two], "/a.steward")).toEqual([two, one, fresh]);
  });

  it("says what each one is", () => {
    expect([draftTitle(one), draftAbout(one)]).toEqual(["Zoologists", "careers · 1 · 2 changes"]);
    expect([draftTitle(fresh), draftAbout(fresh)]).toEqual(["New record in careers", "careers · 2 fields"]);
  });

  it("come out of the storage as they went in", () => {
    expect(readDraft(draftName("/a.steward", "careers", "1"), one)).toEqual(one);
  });

  it("do not mistake anything else for one", () => {
    expect(readDraft(draftName("/a.steward", "careers", "2"), one)).toBeUndefined();
    expect(readDraft("x", {})).toBeUndefined();
    expect(readDraft("x", undefined)).toBeUndefined();
    expect(draftName("a", "b", 1)).not.toBe(draftName("a", "b", "1"));
  });
});
