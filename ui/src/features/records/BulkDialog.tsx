/** A change of many records: choose it, see the plan with counts and differences, apply it by the plan's id. */
import { Button, Checkbox, Group, Modal, Radio, Select, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import {
  type ApiError,
  asApiError,
  type BulkAction,
  type BulkPlan,
  call,
  type JobStarted,
  type PlanBulk,
} from "@/ipc";
import { outcomeOf } from "@/shared/jobs/jobs";
import { type FieldSpec, leaves, specAt } from "@/shared/schema/model";
import { expectedOf } from "@/shared/table";
import { ConfirmDialog, Figure, Problem, showError, showWarning } from "@/shared/ui";
import { rememberChange } from "@/shared/undo/undo";
import { DiffList, ViolationList } from "@/shared/value/DiffList";
import { keyText } from "@/shared/value/model";
import { parseInput } from "@/shared/value/parse";
import { segmentsOf } from "@/shared/value/path";
import { count, fieldTitle, number } from "@/shared/words/words";
import type { Patches } from "./model";
import classes from "./records.module.css";

export type BulkRequest = PlanBulk & {
  title: string;
  /** Field and values are still to be chosen. */
  unfinished?: boolean;
  /** What becomes of single cells, for a block of them. */
  cells?: Pick<Patches, "changed" | "unchanged" | "refused" | "beyond">;
};

type BulkProps = {
  request: BulkRequest | undefined;
  specs: FieldSpec[];
  onClose: () => void;
  onDone: () => void;
};

export function BulkDialog({ request, specs, onClose, onDone }: BulkProps) {
  const [ready, setReady] = useState<BulkRequest>();
  useEffect(() => setReady(request && !request.unfinished ? request : undefined), [request]);
  if (!request) return null;
  return (
    <>
      <Modal opened={!ready} onClose={onClose} title={request.title} size="md">
        <ActionForm
          request={request}
          specs={specs}
          onReady={(change) => setReady({ ...request, change, unfinished: false })}
        />
      </Modal>
      {ready && <PlanDialog request={ready} onClose={onClose} onDone={onDone} />}
    </>
  );
}

type FormProps = { request: BulkRequest; specs: FieldSpec[]; onReady: (change: BulkAction) => void };

function ActionForm({ request, specs, onReady }: FormProps) {
  const { change } = request;
  const [path, setPath] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [pattern, setPattern] = useState("");
  const [regex, setRegex] = useState(false);
  const [wrong, setWrong] = useState<string>();
  const fields = leaves(specs).map((spec) => ({ value: spec.path, label: labelOf(spec) }));
  const finish = () => {
    if (!path) return;
    const made = actionOf(change, path, { text, pattern, regex }, specAt(specs, path));
    if (typeof made === "string") setWrong(made);
    else onReady(made);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        finish();
      }}
    >
      <Stack gap="sm">
        <Select label="Field" data={fields} value={path} onChange={setPath} searchable data-autofocus />
        {change.action === "replace" && (
          <>
            <TextInput
              label="Find"
              value={pattern}
              onChange={(event) => setPattern(event.currentTarget.value)}
            />
            <Checkbox
              label="Find by regular expression"
              checked={regex}
              onChange={(event) => setRegex(event.currentTarget.checked)}
            />
          </>
        )}
        {change.action !== "trim" && (
          <TextInput
            label={change.action === "replace" ? "Replace with" : "Value"}
            description={change.action === "set" ? "Leave empty to remove the field." : undefined}
            value={text}
            error={wrong}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setWrong(undefined);
            }}
          />
        )}
        {change.action === "trim" && (
          <Text size="sm" c="dimmed">
            Spaces at the beginning and the end of the text are removed.
          </Text>
        )}
        <Group justify="flex-end">
          <Button type="submit" disabled={!path || (change.action === "replace" && pattern === "")}>
            Preview changes
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** A field inside another one says of which. */
function labelOf({ path, title }: FieldSpec): string {
  const outer = segmentsOf(path).slice(0, -1).map(fieldTitle);
  return [...outer, title].join(" › ");
}

type Typed = { text: string; pattern: string; regex: boolean };

/** The finished action, or what is wrong with the value. */
function actionOf(
  change: BulkAction,
  path: string,
  typed: Typed,
  spec: FieldSpec | undefined,
): BulkAction | string {
  if (change.action === "trim") return { action: "trim", path };
  if (change.action === "replace") {
    return { action: "replace", path, pattern: typed.pattern, with: typed.text, regex: typed.regex };
  }
  const parsed = parseInput(typed.text, undefined, expectedOf(spec));
  if (!parsed.ok) return parsed.message;
  return parsed.value === undefined
    ? { action: "unset", path }
    : { action: "set", path, value: parsed.value };
}

type PlanProps = { request: BulkRequest; onClose: () => void; onDone: () => void };

function PlanDialog({ request, onClose, onDone }: PlanProps) {
  const [plan, setPlan] = useState<BulkPlan>();
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [leaveOut, setLeaveOut] = useState(true);
  useEffect(() => {
    const { collection, selection, change } = request;
    let isOld = false;
    call("records.planBulk", { collection, selection, change, leaveOutBreaking: leaveOut }).then(
      (next) => !isOld && setPlan(next),
      (thrown: unknown) => !isOld && setError(asApiError(thrown)),
    );
    return () => {
      isOld = true;
    };
  }, [request, leaveOut]);

  const apply = async () => {
    if (!plan) return;
    setBusy(true);
    try {
      const job = await call("records.applyBulk", { planId: plan.planId });
      // A large change goes on in the background: the tray shows how far it is, and cancels it.
      if (plan.changed > WAITED_FOR) {
        onClose();
        finished(job).then(onDone, (thrown: unknown) => showError(asApiError(thrown)));
        return;
      }
      await finished(job);
      onDone();
      onClose();
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  const deletes = request.change.action === "delete";
  const size = plan?.changed ?? 0;
  return (
    <ConfirmDialog
      opened
      title={request.title}
      action={actionWords(deletes, plan)}
      destructive={deletes}
      busy={busy}
      disabled={size === 0}
      error={plan ? error : null}
      undo={size === 0 ? "" : "You can undo this afterwards (Ctrl Z)."}
      size="xl"
      onClose={onClose}
      onConfirm={() => void apply()}
    >
      {plan ? (
        <PlanView
          plan={plan}
          cells={request.cells}
          deletes={deletes}
          leaveOut={leaveOut}
          onLeaveOut={setLeaveOut}
        />
      ) : error ? (
        <Problem error={error} />
      ) : (
        <Text c="dimmed">Working out what changes…</Text>
      )}
    </ConfirmDialog>
  );
}

function actionWords(deletes: boolean, plan: BulkPlan | undefined): string {
  const does = deletes ? "Delete" : "Change";
  if (!plan) return does;
  return plan.changed === 0 ? `Nothing to ${does.toLowerCase()}` : `${does} ${count(plan.changed, "record")}`;
}

type ViewProps = {
  plan: BulkPlan;
  cells: BulkRequest["cells"];
  deletes: boolean;
  leaveOut: boolean;
  onLeaveOut: (leaveOut: boolean) => void;
};

function PlanView({ plan, cells, deletes, leaveOut, onLeaveOut }: ViewProps) {
  return (
    <Stack gap="sm">
      {deletes ? (
        <Text>
          {count(plan.changed, "record")} of {plan.collection} will be deleted.
        </Text>
      ) : (
        <>
          <Text>
            {plan.changed === 0
              ? `No record of ${plan.collection} will change.`
              : `${count(plan.changed, "record")} of ${plan.collection} will change. Nothing is written yet.`}
          </Text>
          <div className={classes.figures}>
            {cells ? <CellFigures cells={cells} /> : <Figure name="match" value={number(plan.matched)} />}
            <Figure
              name={plan.changed === 1 ? "record changes" : "records change"}
              value={number(plan.changed)}
            />
            <Figure
              name="would break a rule"
              value={number(plan.newlyInvalid)}
              {...(plan.newlyInvalid > 0 ? { tone: "bad" as const } : {})}
            />
          </div>
        </>
      )}
      {cells && <RefusedCells cells={cells} />}
      {plan.newlyInvalid > 0 && <Breaking plan={plan} leaveOut={leaveOut} onLeaveOut={onLeaveOut} />}
      {plan.samples.length > 0 && (
        <>
          <Text size="xs" c="dimmed">
            {plan.samples.length < plan.changed ? `The first ${plan.samples.length}:` : "All of them:"}
          </Text>
          <DiffList samples={plan.samples} />
        </>
      )}
    </Stack>
  );
}

/** Records that the dialog waits for. */
const WAITED_FOR = 10_000;

/** Waits for a bulk change, tells what it did and offers to undo it. */
async function finished(job: JobStarted): Promise<void> {
  const outcome = await outcomeOf(job, "changed");
  if (outcome.status === "applied") rememberChange(outcome.changeSet);
  else if (outcome.status === "conflict")
    showWarning(
      "Records changed in the meantime.",
      `${count(outcome.records.length, "record")} left unchanged. Plan again.`,
    );
}

type CellsProps = { cells: NonNullable<BulkRequest["cells"]> };

function CellFigures({ cells }: CellsProps) {
  const notWritable = cells.refused.length + cells.beyond;
  return (
    <>
      <Figure name={cells.changed === 1 ? "cell differs" : "cells differ"} value={number(cells.changed)} />
      <Figure name="the same already" value={number(cells.unchanged)} />
      <Figure
        name="cannot be written"
        value={number(notWritable)}
        {...(notWritable > 0 ? { tone: "warn" as const } : {})}
      />
    </>
  );
}

const listed = 50;

/** Which cells keep their value, and why. */
function RefusedCells({ cells }: CellsProps) {
  const { refused, beyond } = cells;
  if (refused.length + beyond === 0) return null;
  return (
    <section aria-labelledby="refused-cells">
      <h3 id="refused-cells" className={classes.planTitle}>
        Cells that cannot be written
      </h3>
      {beyond > 0 && (
        <p className={classes.planNote}>
          {count(beyond, "cell")} of the block {beyond === 1 ? "lies" : "lie"} below the last record or right
          of the last column. New records come by an import or with Add.
        </p>
      )}
      {refused.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by the keyboard
        <ul className={classes.planList} tabIndex={0} aria-labelledby="refused-cells">
          {refused.slice(0, listed).map((cell) => (
            <li key={`${cell.key} ${cell.column}`}>
              <span className="mono">{cell.key}</span> <strong>{cell.column}</strong> {cell.why}
            </li>
          ))}
          {refused.length > listed && (
            <li>… and {count(refused.length - listed, "more cell", "more cells")}</li>
          )}
        </ul>
      )}
    </section>
  );
}

type BreakingProps = Pick<ViewProps, "plan" | "leaveOut" | "onLeaveOut">;

/** Records that the change would make wrong, each with its rules. They stay as they are unless the person chooses otherwise. */
function Breaking({ plan, leaveOut, onLeaveOut }: BreakingProps) {
  const { breaking, newlyInvalid } = plan;
  const them = newlyInvalid === 1 ? "it" : "them";
  return (
    <section aria-labelledby="breaking-records">
      <h3 id="breaking-records" className={classes.planTitle}>
        {count(newlyInvalid, "record")} would break a rule
      </h3>
      <Radio.Group
        aria-label="Records that would break a rule"
        value={leaveOut ? "leave" : "change"}
        onChange={(next) => onLeaveOut(next === "leave")}
      >
        <Group gap="lg" my={6}>
          <Radio value="leave" label={`Leave ${them} unchanged`} />
          <Radio value="change" label={`Change ${them} as well`} />
        </Group>
      </Radio.Group>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls is reached by the keyboard */}
      <ul className={classes.planList} tabIndex={0} aria-labelledby="breaking-records">
        {breaking.slice(0, listed).map((record) => (
          <li key={keyText(record.key)}>
            <span className="mono">{keyText(record.key)}</span>
            <ViolationList violations={record.violations} />
          </li>
        ))}
        {newlyInvalid > Math.min(listed, breaking.length) && (
          <li>
            … and {count(newlyInvalid - Math.min(listed, breaking.length), "more record", "more records")}
          </li>
        )}
      </ul>
    </section>
  );
}
