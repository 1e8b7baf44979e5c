/** Parts that the outcome of a wizard and the page of a run share. */
import { Alert } from "@mantine/core";
import type { ProblemCount, RunRecord } from "@/ipc";
import { Figure } from "@/shared/ui";
import { number, runSentence } from "@/shared/words/words";
import classes from "./imports.module.css";
import { quarantineSentence } from "./model";

export function RunFigures({ run }: { run: RunRecord }) {
  const { counts } = run;
  return (
    <div className={classes.figures}>
      <Figure name="read" value={number(counts.read)} />
      <Figure name="added" value={number(counts.inserted)} />
      <Figure name="updated" value={number(counts.updated)} />
      <Figure name="unchanged" value={number(counts.unchanged)} />
      {(counts.removed ?? 0) > 0 && <Figure name="removed" value={number(counts.removed ?? 0)} />}
      {(counts.setAside ?? 0) > 0 && <Figure name="set aside" value={number(counts.setAside ?? 0)} />}
      {(counts.waitingAlready ?? 0) > 0 && (
        <Figure name="already in quarantine" value={number(counts.waitingAlready ?? 0)} />
      )}
      <Figure
        name="in quarantine"
        value={number(counts.quarantined)}
        {...(counts.quarantined > 0 ? { tone: "bad" as const } : {})}
      />
    </div>
  );
}

export function RunSentences({ run, problems }: { run: RunRecord; problems: ProblemCount[] }) {
  const kept = quarantineSentence(run.counts, problems);
  return (
    <>
      <p className={classes.sentence}>
        {run.state === "undone" ? "This import was undone. " : ""}
        {runSentence({ ...run.counts, quarantined: 0 })} {kept}
      </p>
      {run.error && (
        <Alert color="red" variant="light" p="xs" mb="sm">
          {run.error}
        </Alert>
      )}
      {run.notes.map((note) => (
        <Alert key={note} color="yellow" variant="light" p="xs" mb="sm">
          {note}
        </Alert>
      ))}
    </>
  );
}
