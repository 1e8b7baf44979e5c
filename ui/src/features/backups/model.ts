/** Backups and restores as words. Pure. */
import type {
  ApiError,
  Backup,
  BackupPlace,
  BackupRetention,
  FileHandle,
  RestoreCollection,
  RestoreEntry,
  RestoreFrom,
  RestorePlan,
  RestoreRecord,
  RestoreState,
  UndoRestorePlan,
} from "@/ipc";
import type { Tone } from "@/shared/ui";
import { count, number, sentenceList, when } from "@/shared/words/words";

export type VerificationMark = { tone: Tone; words: string; problems: string[] };

/** What is known about a backup beyond that it is there. */
export function verificationOf(backup: Backup, now = Date.now()): VerificationMark {
  const { verification, damage } = backup;
  if (damage) return { tone: "bad", words: `damaged: ${lowered(damage)}`, problems: [damage] };
  if (!verification) return { tone: "plain", words: "never verified", problems: [] };
  if (!verification.passed) {
    const why = verification.problems[0];
    return {
      tone: "bad",
      words: why ? `failed: ${lowered(why)}` : "failed",
      problems: verification.problems,
    };
  }
  if (!verification.restored)
    return { tone: "accent", words: `read to its end ${when(verification.at, now)}`, problems: [] };
  if (!backup.verified) return { tone: "warn", words: "changed since it was verified", problems: [] };
  return { tone: "good", words: `verified ${when(verification.at, now)}`, problems: [] };
}

/** A sentence as the second part of another: names and abbreviations keep their capitals. */
function lowered(sentence: string): string {
  const text = sentence.replace(/\.$/, "");
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}

/** The last two parts of a folder, or the bucket's address: enough to tell places apart. */
export function placeWords(address: string): string {
  if (address.includes("://")) return address;
  const parts = address.split(/[\\/]/).filter((part) => part !== "");
  return parts.length <= 2 ? address : `…/${parts.slice(-2).join("/")}`;
}

/** People's own collections; Steward's come after them, under one word. */
export function peoples(backup: Backup): Backup["collections"] {
  return backup.collections.filter((collection) => !collection.own);
}

/** It is locked, and what was given so far does not open it. */
export function isLocked(error: ApiError): boolean {
  return error.code === "locked";
}

/** `recovery-drill-2026-11-22.md`, by the person's calendar. */
export function drillName(now: Date): string {
  const two = (part: number) => String(part).padStart(2, "0");
  return `recovery-drill-${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}.md`;
}

/** What a drill is made with: the newest backup of this workspace that is all there. */
export function newestOf(backups: Backup[]): Backup | undefined {
  return backups.find((backup) => backup.ofThis && !backup.damage);
}

/** What was typed to open a backup: an age key, or words. */
export function secretOf(text: string): { passphrase: string } | { identity: string } {
  const trimmed = text.trim();
  return trimmed.startsWith("AGE-SECRET-KEY-") ? { identity: trimmed } : { passphrase: text };
}

/** Whether a plan writes or takes away anything: a collection or view that is not there counts too. */
export function bringsBack(plan: RestorePlan): boolean {
  return plan.collections.some(
    (one) => !one.leftOut && (one.now === undefined || one.added + one.changed + one.removed > 0),
  );
}

/** Steward's own collections are one line of a plan. */
export function splitOwn(collections: RestoreCollection[]): [RestoreCollection[], RestoreCollection[]] {
  return [collections.filter((one) => !one.own), collections.filter((one) => one.own)];
}

/** `Restore 3 collections, replacing 361 records`. */
export function restoreAction(plan: RestorePlan): string {
  const theirs = splitOwn(plan.collections)[0].filter((one) => !one.leftOut);
  const what = theirs.length === 0 ? "Restore" : `Restore ${count(theirs.length, "collection")}`;
  const changed = theirs.reduce((sum, one) => sum + one.changed, 0);
  const removed = theirs.reduce((sum, one) => sum + one.removed, 0);
  const parts = [
    changed > 0 && `replacing ${count(changed, "record")}`,
    removed > 0 && `removing ${changed > 0 ? number(removed) : count(removed, "record")}`,
  ].filter((part): part is string => part !== false);
  return parts.length === 0 ? what : `${what}, ${parts.join(" and ")}`;
}

/** `361 records are back in careers.` */
export function restoredSentence(restore: RestoreRecord): string {
  const names = [...new Set(restore.collections.filter((one) => !isOwn(one.into)).map((one) => one.into))];
  const records = restore.collections
    .filter((one) => !isOwn(one.into))
    .reduce((sum, one) => sum + one.records, 0);
  const own = restore.own ? " History, quarantine, mappings and settings are back too." : "";
  return `${count(records, "record")} ${records === 1 ? "is" : "are"} back in ${sentenceList(names)}.${own}`;
}

export function isOwn(collection: string): boolean {
  return collection.startsWith("steward.");
}

export function restoreNames(restore: RestoreRecord): string {
  const names = restore.collections
    .filter((one) => !isOwn(one.into))
    .map((one) => (one.name === one.into ? one.into : `${one.name} as ${one.into}`));
  const own = restore.own ? ["history and settings"] : [];
  return sentenceList([...names, ...own]) || "nothing";
}

export const restoreWords: Record<RestoreState, string> = {
  loading: "running",
  swapping: "running",
  done: "done",
  cancelled: "cancelled",
  failed: "failed",
  undoing: "being undone",
  undone: "undone",
};

const restoreTones: Record<RestoreState, Tone> = {
  loading: "accent",
  swapping: "accent",
  done: "good",
  cancelled: "warn",
  failed: "bad",
  undoing: "accent",
  undone: "plain",
};

export function restoreMark(entry: RestoreEntry): { tone: Tone; words: string } {
  if (entry.interrupted) return { tone: "warn", words: "cut off" };
  const { state } = entry.restore;
  return { tone: restoreTones[state], words: restoreWords[state] };
}

/** `361 records come back, 12 go`. */
export function undoAction(plan: UndoRestorePlan): string {
  const back = plan.collections.reduce((sum, one) => sum + (one.back ?? 0), 0);
  return back > 0 ? `Undo, bringing ${count(back, "record")} back` : "Undo the restore";
}

/** The rules of retention in one sentence. */
export function retentionSentence(rules: BackupRetention): string {
  const parts = [
    rules.last && `the last ${rules.last}`,
    rules.days && `everything of the last ${count(rules.days, "day")}`,
    rules.daily && `one a day for ${count(rules.daily, "day")}`,
    rules.weekly && `one a week for ${count(rules.weekly, "week")}`,
    rules.monthly && `one a month for ${count(rules.monthly, "month")}`,
    rules.yearly && `one a year for ${count(rules.yearly, "year")}`,
  ].filter((part): part is string => typeof part === "string");
  if (parts.length === 0) return "Nothing is ever removed.";
  return `Kept: ${sentenceList(parts)}. The newest and the last verified backup are always kept.`;
}

export type BucketForm = {
  address: string;
  endpoint: string;
  region: string;
  account: string;
  key: string;
  secret: string;
};

export const emptyBucket: BucketForm = {
  address: "",
  endpoint: "",
  region: "",
  account: "",
  key: "",
  secret: "",
};

export type BucketKind = "s3" | "az" | "gs";

export function bucketKind(address: string): BucketKind | undefined {
  const match = /^(s3|az|gs):\/\/[^/\s]+/.exec(address.trim());
  return match?.[1] as BucketKind | undefined;
}

/** The place that a form describes, and the secrets that go to the keyring. */
export function bucketPlace(form: BucketForm): { place: BackupPlace; secrets: Record<string, string> } {
  const kind = bucketKind(form.address);
  const options = filled({
    endpoint: form.endpoint,
    allow_http: form.endpoint.trim().startsWith("http://") ? "true" : "",
    region: kind === "s3" ? form.region : "",
    account_name: kind === "az" ? form.account : "",
  });
  const secrets = filled(
    kind === "s3"
      ? { access_key_id: form.key, secret_access_key: form.secret }
      : kind === "az"
        ? { account_key: form.secret }
        : { service_account_key: form.secret },
  );
  const address = form.address.trim();
  return { place: Object.keys(options).length > 0 ? { address, options } : { address }, secrets };
}

function filled(values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values)
      .map(([name, value]) => [name, value.trim()] as const)
      .filter(([, value]) => value !== ""),
  );
}

/** Backups of this workspace before others; among them the newest that is verified, then by time. Damaged ones cannot be restored. */
export function newestVerifiedFirst(backups: Backup[]): Backup[] {
  const whole = backups.filter((backup) => !backup.damage);
  const ours = whole.filter((backup) => backup.ofThis);
  const verified = ours.find((backup) => backup.verified);
  const rest = ours.filter((backup) => backup !== verified);
  return [...(verified ? [verified] : []), ...rest, ...whole.filter((backup) => !backup.ofThis)];
}

/** A file or folder that was picked, as a source; nothing where the dialog was cancelled. */
export function fileSource(file: FileHandle | undefined): { from: RestoreFrom; name: string } | undefined {
  return file && { from: { kind: "file", file: file.id }, name: file.name };
}

/** The older one first. */
export function inTime(one: Backup, other: Backup): [Backup, Backup] {
  return one.madeAt <= other.madeAt ? [one, other] : [other, one];
}

/** `3 backups: 1 verified, 2 never verified.` */
export function timelineSentence(backups: Backup[]): string {
  const tones = backups.map((backup) => verificationOf(backup).tone);
  const of = (tone: Tone) => tones.filter((one) => one === tone).length;
  const parts = [
    of("good") > 0 && `${number(of("good"))} verified`,
    of("accent") > 0 && `${number(of("accent"))} read to the end`,
    of("warn") > 0 && `${number(of("warn"))} changed since`,
    of("plain") > 0 && `${number(of("plain"))} never verified`,
    of("bad") > 0 && `${number(of("bad"))} failed`,
  ].filter((part): part is string => part !== false);
  return `${count(backups.length, "backup")}: ${sentenceList(parts)}.`;
}
