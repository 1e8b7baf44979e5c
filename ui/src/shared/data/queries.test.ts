import { describe, expect, it } from "vitest";
import type { AppEvent } from "@/ipc";
import { touchedBy } from "./queries";

const records: AppEvent = { event: "changed", topic: "records", collection: "careers" };

describe("what a change makes old", () => {
  it("keeps to its collection", () => {
    expect(touchedBy(records, "records.find", { collection: "careers" })).toBe(true);
    expect(touchedBy(records, "records.find", { collection: "other" })).toBe(false);
    expect(touchedBy(records, "collections.list", {})).toBe(true);
  });

  it("keeps to its topic", () => {
    expect(touchedBy(records, "schemas.get", { schema: "careers" })).toBe(false);
    expect(touchedBy({ event: "workspaceChanged" }, "records.find", {})).toBe(false);
  });

  it("reads failing rows again after a measurement, and no others", () => {
    const quality: AppEvent = { event: "changed", topic: "quality", collection: "careers" };
    expect(touchedBy(quality, "records.find", { collection: "careers", finding: "freshness" })).toBe(true);
    expect(touchedBy(quality, "records.find", { collection: "careers" })).toBe(false);
  });
});
