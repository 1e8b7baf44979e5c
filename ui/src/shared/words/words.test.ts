import { describe, expect, it } from "vitest";
import {
  age,
  bytes,
  count,
  duration,
  fieldTitle,
  isVerificationOld,
  percent,
  runSentence,
  sentenceList,
  when,
} from "./words";

describe("words", () => {
  it("counts", () => {
    expect(count(1, "record")).toBe("1 record");
    expect(count(1200, "entry", "entries")).toBe("1,200 entries");
  });

  it("never calls almost everything everything", () => {
    expect(percent(0.99999)).toBe("99.9%");
    expect(percent(1)).toBe("100%");
  });

  it("writes sizes and durations", () => {
    expect(bytes(1)).toBe("1 byte");
    expect(bytes(5_300_000)).toBe("5.3 MB");
    expect(duration(0.2)).toBe("less than a second");
    expect(duration(600)).toBe("10 minutes");
  });

  it("writes sentences", () => {
    expect(sentenceList(["a", "b", "c"])).toBe("a, b and c");
    expect(runSentence({ read: 13, inserted: 1, updated: 0, unchanged: 0, quarantined: 12 })).toBe(
      "1 record added and 12 put into quarantine.",
    );
    expect(
      runSentence({ read: 2, inserted: 2, updated: 0, unchanged: 0, quarantined: 0, removed: 361 }),
    ).toBe("2 records added and 361 removed.");
    expect(
      runSentence({ read: 9, inserted: 0, updated: 0, unchanged: 5, quarantined: 0, waitingAlready: 4 }),
    ).toBe("5 unchanged and 4 waiting in quarantine already.");
    expect(runSentence({ read: 0, inserted: 0, updated: 0, unchanged: 0, quarantined: 0 })).toBe(
      "Nothing was read.",
    );
  });

  it("names fields and moments", () => {
    expect(fieldTitle("salary_range.min")).toBe("Min");
    expect(fieldTitle("average_salary")).toBe("Average salary");
    expect(fieldTitle("soc_code")).toBe("SOC code");
    expect(fieldTitle("social_class")).toBe("Social class");
    const now = Date.parse("2026-05-04T12:00:00Z");
    expect(when("2026-05-04T11:59:50Z", now)).toBe("just now");
    expect(when("2026-05-04T11:48:00Z", now)).toBe("12 min ago");
  });
});

it("says how long ago something was, and when a verification is too old", () => {
  const now = Date.parse("2026-06-15T12:00:00Z");
  expect(age("2026-06-15T11:59:30Z", now)).toBe("less than a minute");
  expect(age("2026-06-15T11:30:00Z", now)).toBe("30 minutes");
  expect(age("2026-06-14T11:00:00Z", now)).toBe("25 hours");
  expect(age("2026-06-01T12:00:00Z", now)).toBe("14 days");
  expect(isVerificationOld(undefined, now)).toBe(true);
  expect(isVerificationOld("2026-06-09T12:00:00Z", now)).toBe(false);
  expect(isVerificationOld("2026-06-08T11:00:00Z", now)).toBe(true);
});
