/** What the import did, where the rows wait that were kept out, and the way back. */
import { Button, Group } from "@mantine/core";
import { IconArrowBackUp, IconArrowUpRight, IconShieldHalf, IconTable } from "@tabler/icons-react";
import type { RunRecord } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useGo } from "@/shared/nav";
import { Panel } from "@/shared/ui";
import { count } from "@/shared/words/words";
import classes from "./imports.module.css";
import { RunFigures, RunSentences } from "./RunParts";
import { useUndoRun } from "./UndoRun";

export function OutcomeStep({ run, onClose }: { run: RunRecord; onClose: () => void }) {
  const go = useGo();
  const detail = useCall("runs.get", { runId: run.id });
  const undo = useUndoRun();
  const now = detail.data?.run ?? run;
  return (
    <div className={classes.step}>
      <Panel title="Outcome">
        <div className={classes.padded}>
          <RunSentences run={now} problems={detail.data?.problems ?? []} />
          <RunFigures run={now} />
          <Group gap="xs" mt="md">
            <Button leftSection={<IconTable size={14} />} onClick={() => go.records({ c: run.collection })}>
              Open the records
            </Button>
            {now.counts.quarantined > 0 && (
              <Button
                variant="light"
                leftSection={<IconShieldHalf size={14} />}
                onClick={() => go.quarantine({ run: run.id })}
              >
                Review {count(now.counts.quarantined, "row")} in quarantine
              </Button>
            )}
            {now.staging && !now.staging.promotedBy && now.state === "done" && (
              <Button
                variant="light"
                leftSection={<IconArrowUpRight size={14} />}
                onClick={() => go.run(run.id)}
              >
                Promote to {now.staging.collection}…
              </Button>
            )}
            <Button variant="default" onClick={onClose}>
              Import more
            </Button>
            {now.state !== "undone" && (
              <Button
                variant="default"
                leftSection={<IconArrowBackUp size={14} />}
                onClick={() => undo.ask(run.id)}
              >
                Undo the import…
              </Button>
            )}
          </Group>
        </div>
      </Panel>
      {undo.dialog}
    </div>
  );
}
