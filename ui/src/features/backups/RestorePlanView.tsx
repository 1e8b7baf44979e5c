/** What a restore would do, collection by collection, with examples. */
import { Alert, Stack } from "@mantine/core";
import type { RestoreCollection, RestorePlan, RestoreSample } from "@/ipc";
import { StateMark, Tag } from "@/shared/ui";
import { Changes } from "@/shared/value/DiffList";
import { count, duration, number } from "@/shared/words/words";
import classes from "./backups.module.css";
import { bringsBack, splitOwn } from "./model";

export function RestorePlanView({ plan }: { plan: RestorePlan }) {
  const [theirs, own] = splitOwn(plan.collections);
  const samples = theirs.flatMap((one) => one.samples.map((sample) => ({ into: one.into, sample })));
  return (
    <Stack gap="sm">
      {!bringsBack(plan) ? (
        <Alert color="teal" variant="light" p="xs">
          Nothing to restore: the data already matches this backup.
        </Alert>
      ) : (
        <div>
          {plan.mode === "clean"
            ? "Each collection is reset to the backup."
            : "Records from the backup are added, or replace records with the same id. Nothing is removed."}{" "}
          It will take about {duration(Math.max(1, plan.seconds))}.
        </div>
      )}
      <table className={classes.small} aria-label="Plan of the restore">
        <thead>
          <tr>
            <th>Collection</th>
            <th className="num">Added</th>
            <th className="num">Changed</th>
            <th className="num">Removed</th>
            <th className="num">Unchanged</th>
          </tr>
        </thead>
        <tbody>
          {theirs.map((one) => (
            <PlanLine key={one.into} one={one} />
          ))}
          {own.length > 0 && <OwnLine own={own} />}
        </tbody>
      </table>
      {plan.safety && <StateMark tone="good">A safety backup of the current data is taken first.</StateMark>}
      {plan.notes.map((note) => (
        <Alert key={note} color="yellow" variant="light" p="xs">
          {note}
        </Alert>
      ))}
      {samples.length > 0 && (
        <section className={classes.samples} aria-label="Examples">
          {samples.map(({ into, sample }) => (
            <Sample
              key={`${into}:${sample.title}:${JSON.stringify(sample.then).length}`}
              into={into}
              sample={sample}
            />
          ))}
        </section>
      )}
    </Stack>
  );
}

function PlanLine({ one }: { one: RestoreCollection }) {
  return (
    <tr className={one.leftOut ? "dim" : undefined}>
      <td>
        {one.name}
        {one.into !== one.name && <span className="dim"> as {one.into}</span>}{" "}
        {one.leftOut ? (
          <Tag tone="warn">left out</Tag>
        ) : (
          one.now === undefined && <Tag tone="accent">new</Tag>
        )}
        {one.notes.map((note) => (
          <div key={note} className={classes.note}>
            {note}
          </div>
        ))}
      </td>
      <td className="num">{number(one.added)}</td>
      <td className="num">{number(one.changed)}</td>
      <td className="num" data-bad={one.removed > 0 || undefined}>
        {number(one.removed)}
      </td>
      <td className="num">{number(one.unchanged)}</td>
    </tr>
  );
}

/** Steward's own collections mean nothing to most people by their names. */
function OwnLine({ own }: { own: RestoreCollection[] }) {
  const sum = (of: "added" | "changed" | "removed" | "unchanged") =>
    number(own.reduce((total, one) => total + one[of], 0));
  return (
    <tr className="dim">
      <td>history, quarantine, mappings, settings ({count(own.length, "part")})</td>
      <td className="num">{sum("added")}</td>
      <td className="num">{sum("changed")}</td>
      <td className="num">{sum("removed")}</td>
      <td className="num">{sum("unchanged")}</td>
    </tr>
  );
}

function Sample({ into, sample }: { into: string; sample: RestoreSample }) {
  return (
    <article className={classes.sample}>
      <header>
        <strong>{sample.title}</strong> <span className="faint">{into}</span>{" "}
        {sample.now === undefined && <Tag tone="accent">restored</Tag>}
      </header>
      {sample.changes.length > 0 && <Changes changes={sample.changes} />}
    </article>
  );
}
