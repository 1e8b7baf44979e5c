/** Reports what became of rows, with Undo at hand. */
import type { QuarantineEdited, RetryOutcome } from "@/ipc";
import { showWarning } from "@/shared/ui";
import { rememberAll } from "@/shared/undo/undo";
import { count, number } from "@/shared/words/words";

function rest({ stillWaiting, conflicts }: RetryOutcome): string {
  const waits =
    stillWaiting > 0 ? ` ${number(stillWaiting)} still ${stillWaiting === 1 ? "waits" : "wait"}.` : "";
  const left =
    conflicts > 0
      ? ` ${number(conflicts)} changed in the meantime and ${conflicts === 1 ? "was" : "were"} left unchanged.`
      : "";
  return waits + left;
}

export function tellRetry(outcome: RetryOutcome): void {
  const { released, stillWaiting, conflicts, changeSets } = outcome;
  if (released === 0 && conflicts > 0) {
    showWarning(
      `${count(conflicts, "row")} changed in the meantime.`,
      "Another user has corrected or imported them. Review their current state.",
    );
    return;
  }
  if (released === 0) {
    showWarning(
      stillWaiting === 1 ? "The row still breaks rules." : "These rows still break rules.",
      `${count(stillWaiting, "row")} ${stillWaiting === 1 ? "stays" : "stay"} in quarantine. Correct the marked fields, then retry.`,
    );
    return;
  }
  const words = `${count(released, "row")} imported after correction.`;
  rememberAll(changeSets, `Imported ${count(released, "row")} after correction`, words + rest(outcome));
}

export function tellFixed(outcome: RetryOutcome): void {
  const { corrected, released, changeSets } = outcome;
  const fixed = `${count(corrected, "row")} corrected`;
  const became = released > 0 ? `, ${number(released)} imported` : "";
  rememberAll(
    changeSets,
    `Corrected ${count(corrected, "row")} in quarantine`,
    `${fixed}${became}.${rest(outcome)}`,
  );
}

export function tellEdited({ entry, changeSets }: QuarantineEdited): void {
  const row = `Row ${number(entry.rowNumber)}`;
  if (entry.status === "released") {
    rememberAll(changeSets, "Imported 1 row after correction", `${row} imported.`);
    return;
  }
  const left = entry.errors.length;
  const state = left === 0 ? " Retry to import it." : ` It still breaks ${count(left, "rule")}.`;
  rememberAll(changeSets, "Corrected 1 row in quarantine", `${row} corrected.${state}`);
}
