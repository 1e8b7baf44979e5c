/** The backups in their order, oldest first: which are verified, which nobody looked at, which would not come back. */
import { Tooltip } from "@mantine/core";
import type { Backup } from "@/ipc";
import { bytes, when } from "@/shared/words/words";
import classes from "./backups.module.css";
import { timelineSentence, verificationOf } from "./model";

/** As many as fit beside the figures. */
const shown = 48;

export function Timeline({ backups }: { backups: Backup[] }) {
  if (backups.length < 2) return null;
  return (
    <div className={classes.timeline} role="img" aria-label={timelineSentence(backups)}>
      {backups
        .slice(0, shown)
        .toReversed()
        .map((backup) => {
          const mark = verificationOf(backup);
          return (
            <Tooltip key={backup.id} label={`${when(backup.madeAt)}, ${bytes(backup.bytes)}: ${mark.words}`}>
              <span className={classes.tick} data-tone={mark.tone} />
            </Tooltip>
          );
        })}
    </div>
  );
}
