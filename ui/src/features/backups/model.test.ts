import { expect, it } from "vitest";
import type { Backup, BackupVerification, RestoreCollection } from "@/ipc";
import {
  bucketPlace,
  drillName,
  emptyBucket,
  isLocked,
  newestOf,
  newestVerifiedFirst,
  placeWords,
  restoreAction,
  retentionSentence,
  secretOf,
  timelineSentence,
  verificationOf,
} from "./model";

const now = Date.parse("2026-06-15T12:00:00Z");

function backup(part: Partial<Backup> = {}): Backup {
  return {
    id: "a",
    place: "/backups",
    copies: [],
    notes: [],
    madeAt: "2026-06-15T10:00:00Z",
    finishedAt: "2026-06-15T10:00:01Z",
    madeBy: "me",
    reason: "on request",
    workspace: "careers",
    ofThis: true,
    address: "",
    server: "",
    tool: "",
    records: 361,
    bytes: 1,
    plainBytes: 2,
    compression: "zstd",
    encryption: { kind: "none" },
    file: "",
    sha256: "",
    collections: [],
    verified: false,
    ...part,
  };
}

function verification(part: Partial<BackupVerification> = {}): BackupVerification {
  return { at: "2026-06-15T11:50:00Z", restored: true, passed: true, problems: [], seconds: 1, ...part };
}

it("says what is known about a backup", () => {
  const words = (part: Partial<Backup>) => verificationOf(backup(part), now).words;
  expect(words({})).toBe("never verified");
  expect(words({ verification: verification(), verified: true })).toBe("verified 10 min ago");
  expect(words({ verification: verification({ restored: false }), verified: true })).toBe(
    "file checked 10 min ago",
  );
  expect(words({ verification: verification() })).toBe("changed since it was verified");
  const failed = verification({ passed: false, problems: ["The content of careers differs."] });
  expect(words({ verification: failed })).toBe("failed: the content of careers differs");
  expect(words({ verification: verification(), damage: "The archive is missing." })).toBe(
    "damaged: the archive is missing",
  );
  expect(verificationOf(backup({ verification: failed }), now).tone).toBe("bad");
});

it("offers the newest verified backup first, and no damaged one", () => {
  const list = [
    backup({ id: "other", ofThis: false, verified: true }),
    backup({ id: "newest" }),
    backup({ id: "broken", damage: "gone" }),
    backup({ id: "verified", verified: true }),
    backup({ id: "older", verified: true }),
  ];
  expect(newestVerifiedFirst(list).map(({ id }) => id)).toEqual(["verified", "newest", "older", "other"]);
});

it("says on the button what a restore does and to how much", () => {
  const one = (part: Partial<RestoreCollection>): RestoreCollection => ({
    name: "careers",
    into: "careers",
    records: 361,
    added: 0,
    changed: 0,
    removed: 0,
    unchanged: 0,
    samples: [],
    leftOut: false,
    impossible: false,
    notes: [],
    own: false,
    ...part,
  });
  const action = (...collections: RestoreCollection[]) =>
    restoreAction({
      planId: "",
      backup: "",
      mode: "clean",
      lost: [],
      safety: true,
      seconds: 1,
      notes: [],
      collections,
    });
  expect(action(one({ added: 361 }))).toBe("Restore 1 collection");
  expect(action(one({ changed: 1 }), one({ removed: 2 }))).toBe(
    "Restore 2 collections, replacing 1 record and removing 2",
  );
  expect(action(one({ added: 1 }), one({ leftOut: true }))).toBe("Restore 1 collection");
  expect(action(one({ removed: 1200 }))).toBe("Restore 1 collection, removing 1,200 records");
  expect(action(one({ own: true, changed: 9 } satisfies Partial<RestoreCollection>))).toBe("Restore");
});

it("makes a drill with the newest backup of this workspace that is whole, and dates its report", () => {
  const backups = [
    backup({ id: "damaged", damage: "Its archive is missing." }),
    backup({ id: "of another", ofThis: false }),
    backup({ id: "newest" }),
    backup({ id: "older" }),
  ];
  expect(newestOf(backups)?.id).toBe("newest");
  expect(newestOf([])).toBeUndefined();
  expect(drillName(new Date(2026, 4, 7, 23, 59))).toBe("recovery-drill-2026-05-07.md");
});

it("knows a locked backup by the code of its error, whatever its words are, and a key by its form", () => {
  expect(isLocked({ code: "locked", message: "Dieses Backup ist verschlossen." })).toBe(true);
  // The page's own token, or the login of the server: no passphrase helps there.
  expect(isLocked({ code: "unauthorized", message: "The token is missing or wrong." })).toBe(false);
  expect(isLocked({ code: "badRequest", message: "A passphrase has at least one character." })).toBe(false);
  expect(secretOf(" AGE-SECRET-KEY-1ABC\n")).toEqual({ identity: "AGE-SECRET-KEY-1ABC" });
  expect(secretOf("many words ")).toEqual({ passphrase: "many words " });
});

it("keeps secrets of buckets apart from their addresses", () => {
  const s3 = {
    ...emptyBucket,
    address: " s3://b/x ",
    endpoint: "http://localhost:9000",
    key: "k",
    secret: "s",
  };
  expect(bucketPlace(s3)).toEqual({
    place: { address: "s3://b/x", options: { endpoint: "http://localhost:9000", allow_http: "true" } },
    secrets: { access_key_id: "k", secret_access_key: "s" },
  });
  expect(bucketPlace({ ...emptyBucket, address: "az://c", account: "me", secret: "s" })).toEqual({
    place: { address: "az://c", options: { account_name: "me" } },
    secrets: { account_key: "s" },
  });
  expect(bucketPlace({ ...emptyBucket, address: "gs://b" })).toEqual({
    place: { address: "gs://b" },
    secrets: {},
  });
});

it("says the rules of retention in a sentence", () => {
  expect(retentionSentence({})).toBe("No backup is ever deleted.");
  expect(retentionSentence({ days: 7, monthly: 1 })).toBe(
    "Kept: all from the last 7 days and one per month for 1 month. The newest and the last verified backup are always kept.",
  );
});

it("shortens folders, never buckets", () => {
  expect(placeWords("/home/me/data/steward/backups")).toBe("…/steward/backups");
  expect(placeWords("/backups")).toBe("/backups");
  expect(placeWords("s3://bucket/a/b/c")).toBe("s3://bucket/a/b/c");
});

it("tells the timeline in a sentence", () => {
  const list = [
    backup(),
    backup({ verification: verification(), verified: true }),
    backup({ damage: "gone" }),
    backup(),
  ];
  expect(timelineSentence(list)).toBe("4 backups: 1 verified, 2 never verified and 1 failed.");
});
