/** Taking and verifying backups: the jobs, and what is shown at their end. */
import { useState } from "react";
import { asApiError, type Backup, type BackupVerified, call, type FileHandle, type Job } from "@/ipc";
import { handOver, pickTarget, useNativeFiles } from "@/shared/files";
import { outcomeOf, useJobs } from "@/shared/jobs/jobs";
import { showError, showSaved, showWarning } from "@/shared/ui";
import { noteSaved } from "@/shared/undo/undo";
import { bytes, count, duration } from "@/shared/words/words";
import { askUndo, locked, unlocked } from "./host";
import { drillName } from "./model";

const kinds: readonly Job["kind"][] = ["backup", "verification", "restore"];

/** What runs right now, whoever started it. */
export function useRunning(): Job[] {
  return useJobs().filter((job) => job.state === "running" && kinds.includes(job.kind));
}

export async function backUpNow(): Promise<void> {
  try {
    const made = await locked(async (secret) => outcomeOf(await call("backups.create", secret), "backedUp"));
    noteSaved();
    showSaved(`Backup taken: ${count(made.backup.records, "record")}, ${bytes(made.backup.bytes)}.`);
    if (made.failed.length > 0) showWarning("Not every destination has it.", made.failed.join(" "));
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}

/** Proves one backup; what was checked is kept to be shown. */
export function useVerification() {
  const [busy, setBusy] = useState<"test" | "read">();
  const [verified, setVerified] = useState<BackupVerified>();
  const native = useNativeFiles();
  const verify = async (backup: Backup, testRestore: boolean, report?: FileHandle) => {
    setBusy(testRestore ? "test" : "read");
    try {
      const ref = { id: backup.id, place: backup.place, testRestore };
      const to = report ? { report: report.id } : {};
      const outcome = await unlocked(async (secret) =>
        outcomeOf(await call("backups.verify", { ...ref, ...to, ...secret }), "verified"),
      );
      setVerified(outcome);
      if (report) handOver(report);
      reportVerification(outcome, report);
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(undefined);
    }
  };
  /** A test restore with a dated report, for who has to show that backups come back. */
  const drill = async (backup: Backup) => {
    try {
      const report = await pickTarget(native, drillName(new Date()));
      if (report) await verify(backup, true, report);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return { busy, verified, verify, drill };
}

function reportVerification({ verification }: BackupVerified, report: FileHandle | undefined): void {
  const saved = report ? ` The report is saved as ${report.name}.` : "";
  if (!verification.passed) {
    showWarning(
      "This backup cannot be restored completely.",
      verification.problems.slice(0, 3).join(" ") + saved,
    );
    return;
  }
  const took = duration(verification.seconds);
  showSaved(
    verification.restored
      ? `Verified: the backup was restored into a temporary workspace and compared in ${took}.${saved}`
      : `The whole file was read and checked in ${took}: no damage found.`,
  );
}

/** First the plan of taking a restore back, then the question. */
export async function planUndo(restoreId: string): Promise<void> {
  try {
    askUndo(await call("restores.planUndo", { restoreId }));
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}
