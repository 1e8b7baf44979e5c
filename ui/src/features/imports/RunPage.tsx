/** One import run: what it read, what it did, what it kept out, and the ways on and back. */
import { Button, Group } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowLeft,
  IconArrowUpRight,
  IconPlayerPlay,
  IconShieldHalf,
} from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { asApiError, call, type ImportPlan, type RunDetail } from "@/ipc";
import { useAction, useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { pickFiles, useNativeFiles } from "@/shared/files";
import { outcomeOf } from "@/shared/jobs/jobs";
import { useGo } from "@/shared/nav";
import { Loaded, Page, Panel, StateMark, showError, Timestamp } from "@/shared/ui";
import { rememberRun } from "@/shared/undo/undo";
import { DiffList } from "@/shared/value/DiffList";
import { bytes, count, number, runSentence } from "@/shared/words/words";
import { ApplyStep } from "./ApplyStep";
import { Kept } from "./DiscardRun";
import classes from "./imports.module.css";
import { canGoOn, inOrderOf, modeWords, runTitle, stateTones, stateWords } from "./model";
import { PlanStep } from "./PlanStep";
import { Problems } from "./Problems";
import { RunFigures, RunSentences } from "./RunParts";
import { useUndoRun } from "./UndoRun";

/** A staged run on its way into its collection. */
type Promotion = { at: "plan" } | { at: "apply"; plan: ImportPlan };

export function RunPage() {
  const { runId } = useParams({ from: "/imports/$runId" });
  // Each run has a state of its own: what was begun with one does not go on with another.
  return <RunOf key={runId} runId={runId} />;
}

function RunOf({ runId }: { runId: string }) {
  const detail = useCall("runs.get", { runId }, { again: isRunning });
  const [promotion, setPromotion] = useState<Promotion>();
  const wanted = useMemo(() => ({ promote: runId }), [runId]);
  const go = useGo();
  return (
    <Page
      title="Import"
      about={detail.data ? runTitle(detail.data.run) : ""}
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={14} />}
            onClick={() => go.place("/imports")}
          >
            All imports
          </Button>
          {detail.data && !promotion && (
            <RunActions detail={detail.data} onPromote={() => setPromotion({ at: "plan" })} />
          )}
        </>
      }
    >
      {promotion?.at === "plan" && (
        <PlanStep
          choice={wanted}
          onBack={() => setPromotion(undefined)}
          onApply={(plan) => setPromotion({ at: "apply", plan })}
        />
      )}
      {promotion?.at === "apply" && (
        <ApplyStep
          plan={promotion.plan}
          onDone={(run) => {
            setPromotion(undefined);
            go.run(run.id);
          }}
          onBack={() => setPromotion({ at: "plan" })}
        />
      )}
      {!promotion && <Loaded query={detail}>{(data) => <RunView detail={data} />}</Loaded>}
    </Page>
  );
}

/** A run of another program tells nothing; one whose program died is known by its silence. */
const isRunning = (detail: RunDetail) => ["running", "undoing"].includes(detail.run.state);

function RunActions({ detail, onPromote }: { detail: RunDetail; onPromote: () => void }) {
  const { run } = detail;
  const readOnly = useWorkspace()?.readOnly ?? false;
  const native = useNativeFiles();
  const go = useGo();
  const undo = useUndoRun();
  const back = useAction("runs.goBack");
  const settled = run.replaced !== undefined && run.discardedAt !== undefined;
  const half = run.state === "halfUndone";
  const undoable = ["done", "cancelled", "failed", "interrupted"].includes(run.state) || half;
  const canUndo = undoable && !settled && !readOnly;
  const resume = async () => {
    try {
      const picked = detail.needsFiles ? await pickFiles(native, "import", run.files.length > 1) : [];
      if (detail.needsFiles && picked.length === 0) return;
      const files = inOrderOf(run.files, picked).map((file) => file.id);
      const begun = await call("imports.resume", { runId: run.id, files });
      const ended = await outcomeOf(begun, "run");
      rememberRun(ended, `Import finished: ${runSentence(ended.counts)}`);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <>
      {run.counts.quarantined > 0 && run.state !== "undone" && (
        <Button
          variant="light"
          leftSection={<IconShieldHalf size={14} />}
          onClick={() => go.quarantine({ run: run.id })}
        >
          Quarantine
        </Button>
      )}
      {canUndo && (
        <Button
          variant="default"
          leftSection={<IconArrowBackUp size={14} />}
          onClick={() => undo.ask(run.id)}
        >
          {half ? "Finish the undo…" : "Take it back…"}
        </Button>
      )}
      {detail.canGoBack && !readOnly && (
        <Button
          variant="default"
          loading={back.isPending}
          onClick={() => back.mutate({ runId: run.id }, { onError: showError })}
        >
          Keep the import
        </Button>
      )}
      {run.state === "done" && run.staging && !run.staging.promotedBy && !readOnly && (
        <Button leftSection={<IconArrowUpRight size={14} />} onClick={onPromote}>
          Promote to {run.staging.collection}…
        </Button>
      )}
      {canGoOn(run) && !readOnly && (
        <Button leftSection={<IconPlayerPlay size={14} />} onClick={() => void resume()}>
          {detail.needsFiles ? "Choose the file again and go on…" : "Go on with it"}
        </Button>
      )}
      {undo.dialog}
    </>
  );
}

function RunView({ detail }: { detail: RunDetail }) {
  const { run, problems, updates } = detail;
  return (
    <div className={classes.step}>
      <Panel
        title="Outcome"
        actions={<StateMark tone={stateTones[run.state]}>{stateWords[run.state]}</StateMark>}
      >
        <div className={classes.padded}>
          <RunSentences run={run} problems={problems} />
          <RunFigures run={run} />
        </div>
      </Panel>
      {problems.length > 0 && (
        <Panel title="Why rows were kept out">
          <Problems problems={problems} />
        </Panel>
      )}
      {updates.length > 0 && (
        <Panel title="What changed">
          <div className={classes.padded}>
            <DiffList samples={updates} />
          </div>
        </Panel>
      )}
      <Panel title="How it was run">
        <dl className={classes.facts}>
          <dt>Collection</dt>
          <dd>{run.collection}</dd>
          <dt>Schema</dt>
          <dd>
            {run.schema || "none"}
            {run.schemaReason ? ` (${run.schemaReason})` : ""}
          </dd>
          <dt>Key</dt>
          <dd className="mono">{run.keyField}</dd>
          <dt>Existing records</dt>
          <dd>{modeWords[run.mode][0]}</dd>
          {run.staging && (
            <>
              <dt>Meant for</dt>
              <dd>
                {run.staging.collection}
                {run.staging.promotedBy ? ", promoted" : ""}
              </dd>
            </>
          )}
          {detail.kept !== undefined && (
            <>
              <dt>Keeps</dt>
              <dd>
                <Kept detail={detail} />
              </dd>
            </>
          )}
          {run.discardedAt && (
            <>
              <dt>Given up</dt>
              <dd>
                what it kept, <Timestamp at={run.discardedAt} />
              </dd>
            </>
          )}
          <dt>Started</dt>
          <dd>
            <Timestamp at={run.startedAt} /> by {run.actor}
          </dd>
          {run.files.map((file) => (
            <FileFact
              key={file.name + file.path}
              name={file.name}
              about={[bytes(file.bytes), `${count(file.rowsDone, "row")} done`, file.recognised]
                .filter(Boolean)
                .join(", ")}
              sha={file.sha256}
            />
          ))}
          {run.unknownFields.map((field) => (
            <FileFact
              key={field.field}
              name="Unknown field"
              about={`${field.field} in ${number(field.rows)} rows`}
              sha=""
            />
          ))}
        </dl>
      </Panel>
    </div>
  );
}

function FileFact({ name, about, sha }: { name: string; about: string; sha: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Group gap="xs">
          {about}
          {sha && (
            <span className="mono faint ellipsis" title={sha}>
              {sha.slice(0, 16)}…
            </span>
          )}
        </Group>
      </dd>
    </>
  );
}
