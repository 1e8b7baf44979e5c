/** Two backups side by side: how many records were added, changed and removed between them. */
import { Button, Group, Select } from "@mantine/core";
import { useState } from "react";
import { type ApiError, asApiError, type Backup, type BackupsCompared, call } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { JobProgress } from "@/shared/jobs/JobProgress";
import { outcomeOf, useJob } from "@/shared/jobs/jobs";
import { Empty, Panel, Problem } from "@/shared/ui";
import { count, number, stamp } from "@/shared/words/words";
import classes from "./backups.module.css";
import { unlocked } from "./host";
import { inTime } from "./model";

export function Compare({ backup }: { backup: Backup }) {
  const list = useCall("backups.list", {}).data?.backups ?? [];
  const others = list.filter((one) => one.id !== backup.id && !one.damage);
  const [other, setOther] = useState<string | null>(null);
  const [jobId, setJobId] = useState<string>();
  const [found, setFound] = useState<BackupsCompared>();
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const job = useJob(jobId);
  const chosen = others.find((one) => one.id === other);
  const compare = async (with_: Backup) => {
    setBusy(true);
    setError(undefined);
    setFound(undefined);
    const [older, newer] = inTime(backup, with_).map(({ id, place }) => ({ id, place })) as [Ref, Ref];
    try {
      const outcome = await unlocked(async (secret) => {
        const started = await call("backups.compare", { older, newer, ...secret });
        setJobId(started.jobId);
        return outcomeOf(started, "compared");
      });
      setFound(outcome);
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  if (others.length === 0) {
    return (
      <Panel title="Compare with another backup">
        <Empty title="No other backup to compare with">Take another backup first.</Empty>
      </Panel>
    );
  }
  return (
    <Panel title="Compare with another backup">
      <form
        className={classes.padded}
        onSubmit={(event) => {
          event.preventDefault();
          if (chosen) void compare(chosen);
        }}
      >
        <Group align="flex-end" gap="xs">
          <Select
            w={420}
            label="The other backup"
            placeholder="Choose one"
            value={other}
            allowDeselect={false}
            onChange={(next) => {
              setOther(next);
              setFound(undefined);
            }}
            data={others.map((one) => ({
              value: one.id,
              label: `${stamp(one.madeAt)}${one.ofThis ? "" : ` from ${one.workspace}`}, ${count(one.records, "record")}, ${one.reason}`,
            }))}
          />
          <Button type="submit" disabled={!chosen} loading={busy}>
            Compare
          </Button>
        </Group>
        {busy && job?.state === "running" && (
          <div className={classes.below}>
            <JobProgress job={job} />
          </div>
        )}
      </form>
      {error && <Problem error={error} />}
      {found && chosen && (
        <Differences found={found} older={inTime(backup, chosen)[0]} newer={inTime(backup, chosen)[1]} />
      )}
    </Panel>
  );
}

type Ref = { id: string; place: string };

type DifferencesProps = { found: BackupsCompared; older: Backup; newer: Backup };

function Differences({ found, older, newer }: DifferencesProps) {
  return (
    <>
      <p className={classes.between}>
        From {stamp(older.madeAt)} to {stamp(newer.madeAt)}:
      </p>
      <div className={classes.scroll}>
        <table className={classes.table} aria-label="Differences">
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
            {found.differences.map((one) => (
              <tr key={one.collection} data-still>
                <td>{one.collection}</td>
                <td className="num">{number(one.added)}</td>
                <td className="num">{number(one.changed)}</td>
                <td className="num">{number(one.removed)}</td>
                <td className="num">{number(one.unchanged)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
