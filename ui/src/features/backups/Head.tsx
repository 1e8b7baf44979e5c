/** What matters at a glance: is there a backup, was it verified, when comes the next. */
import type { Backups } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { Figure, Timestamp } from "@/shared/ui";
import { age, bytes, isVerificationOld, number } from "@/shared/words/words";
import classes from "./backups.module.css";
import { scheduleWords } from "./schedule";
import { Timeline } from "./Timeline";

export function Head({ backups, onSettings }: { backups: Backups; onSettings: () => void }) {
  const setup = useCall("backups.setup", {}).data;
  const ours = backups.backups.filter((backup) => backup.ofThis);
  const size = ours.reduce((sum, backup) => sum + backup.bytes, 0);
  const { verifiedAt, newestAt } = backups;
  return (
    <section className={classes.head} aria-label="State of the backups">
      <Figure
        name={verifiedAt ? "since the last verified restore" : "last verified restore"}
        value={verifiedAt ? age(verifiedAt) : "never verified"}
        tone={isVerificationOld(verifiedAt) ? "bad" : "good"}
      />
      <Figure name="newest backup" value={newestAt ? <Timestamp at={newestAt} /> : "none"} />
      <Figure
        name={ours.length === 1 ? "backup" : "backups"}
        value={
          <>
            {number(ours.length)}
            {ours.length > 0 && <span className={classes.unit}>{bytes(size)}</span>}
          </>
        }
      />
      <Figure
        name={setup?.settings.schedule ? `next, ${scheduleWords(setup.settings.schedule)}` : "next backup"}
        value={
          setup?.nextAt ? (
            <Timestamp at={setup.nextAt} />
          ) : (
            <button type="button" className={classes.plainFigure} onClick={onSettings}>
              not scheduled
            </button>
          )
        }
      />
      <Timeline backups={ours} />
    </section>
  );
}
