/** Taking and proving backups: the jobs, and what is told at their end. */
import { useState } from "react";
import { asApiError, type Backup, type BackupVerified, call, type Job } from "@/ipc";
import { outcomeOf, useJobs } from "@/shared/jobs/jobs";
import { showError, showSaved, showWarning } from "@/shared/ui";
import { noteSaved } from "@/shared/undo/undo";
import { bytes, count, duration } from "@/shared/words/words";
import { askUndo, locked, unlocked } from "./host";

const kinds: readonly Job["kind"][] = ["backup", "proof", "restore"];

/** What runs right now, whoever started it. */
export function useRunning(): Job[] {
  return useJobs().filter((job) => job.state === "running" && kinds.includes(job.kind));
}

export async function backUpNow(): Promise<void> {
  try {
    const made = await locked(async (secret) => outcomeOf(await call("backups.create", secret), "backedUp"));
    noteSaved();
    showSaved(`Backup taken: ${count(made.backup.records, "record")}, ${bytes(made.backup.bytes)}.`);
    if (made.failed.length > 0) showWarning("Not every place has it.", made.failed.join(" "));
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}

/** Proves one backup; what was checked is kept to be shown. */
export function useProof() {
  const [busy, setBusy] = useState<"test" | "read">();
  const [verified, setVerified] = useState<BackupVerified>();
  const prove = async (backup: Backup, testRestore: boolean) => {
    setBusy(testRestore ? "test" : "read");
    try {
      const ref = { id: backup.id, place: backup.place, testRestore };
      const outcome = await unlocked(async (secret) =>
        outcomeOf(await call("backups.verify", { ...ref, ...secret }), "verified"),
      );
      setVerified(outcome);
      tellProof(outcome);
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(undefined);
    }
  };
  return { busy, verified, prove };
}

function tellProof({ proof }: BackupVerified): void {
  if (!proof.passed) {
    showWarning("This backup would not come back.", proof.problems.slice(0, 3).join(" "));
    return;
  }
  const took = duration(proof.seconds);
  showSaved(
    proof.restored
      ? `Proven: the backup was restored into a scratch workspace and compared, in ${took}.`
      : `Read to its end in ${took}: every byte is as it was written.`,
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
