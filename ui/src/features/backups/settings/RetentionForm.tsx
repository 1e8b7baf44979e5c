/** How long backups are kept: the rules, what they would remove now, and removing it. */
import { Button, NumberInput } from "@mantine/core";
import { useState } from "react";
import {
  type ApiError,
  asApiError,
  type BackupRetention,
  call,
  type PrunePlan,
  type PruneVerdict,
} from "@/ipc";
import { ConfirmDialog, showError, showSaved, showWarning, Timestamp } from "@/shared/ui";
import { bytes, count } from "@/shared/words/words";
import shared from "../backups.module.css";
import { placeWords, retentionSentence } from "../model";
import classes from "./settings.module.css";

const fields: { name: keyof BackupRetention; label: string }[] = [
  { name: "days", label: "Every backup of (days)" },
  { name: "last", label: "The newest (number)" },
  { name: "daily", label: "One a day (days)" },
  { name: "weekly", label: "One a week (weeks)" },
  { name: "monthly", label: "One a month (months)" },
  { name: "yearly", label: "One a year (years)" },
];

type Props = {
  rules: BackupRetention;
  onChange: (rules: BackupRetention) => void;
  /** The plan is made by the saved rules. */
  onSave: () => Promise<boolean>;
  canRemove: boolean;
};

export function RetentionForm({ rules, onChange, onSave, canRemove }: Props) {
  const prune = usePrune(onSave);
  const set = (name: keyof BackupRetention, value: number | string) => {
    const next = { ...rules };
    if (typeof value === "number" && value > 0) next[name] = value;
    else delete next[name];
    onChange(next);
  };
  return (
    <>
      <div className={classes.rules}>
        {fields.map(({ name, label }) => (
          <NumberInput
            key={name}
            label={label}
            min={0}
            max={10000}
            allowDecimal={false}
            placeholder="–"
            value={rules[name] ?? ""}
            onChange={(value) => set(name, value)}
          />
        ))}
      </div>
      <p className={classes.hint}>{retentionSentence(rules)}</p>
      <div>
        <Button
          variant="default"
          disabled={!canRemove}
          loading={prune.planning}
          onClick={() => void prune.ask()}
        >
          Save and see what would go…
        </Button>
      </div>
      {prune.dialog}
    </>
  );
}

function usePrune(save: () => Promise<boolean>) {
  const [plan, setPlan] = useState<PrunePlan>();
  const [planning, setPlanning] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const ask = async () => {
    setPlanning(true);
    setError(null);
    try {
      if (await save()) setPlan(await call("backups.planPrune", {}));
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setPlanning(false);
    }
  };
  const apply = async (planId: string) => {
    setBusy(true);
    try {
      const done = await call("backups.prune", { planId });
      setPlan(undefined);
      showSaved(`${count(done.removed, "backup")} removed, ${bytes(done.bytes)} freed.`);
      if (done.notes.length > 0) showWarning("Not all of them went.", done.notes.join(" "));
    } catch (thrown) {
      setError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  const dialog = plan && (
    <ConfirmDialog
      opened
      title="What the rules remove"
      action={
        plan.remove.length > 0 ? `Remove ${count(plan.remove.length, "backup")} now` : "Nothing to remove"
      }
      destructive
      disabled={plan.remove.length === 0}
      busy={busy}
      error={error}
      {...(plan.remove.length > 0 ? { undo: "This cannot be undone." } : {})}
      size="xl"
      onClose={() => setPlan(undefined)}
      onConfirm={() => void apply(plan.planId)}
    >
      <PlanView plan={plan} />
    </ConfirmDialog>
  );
  return { planning, ask, dialog };
}

function PlanView({ plan }: { plan: PrunePlan }) {
  const rows = [
    ...plan.remove.map((one) => ({ one, goes: true })),
    ...plan.keep.map((one) => ({ one, goes: false })),
  ];
  return (
    <>
      <div>
        {plan.remove.length === 0
          ? "By these rules every backup stays."
          : `${count(plan.remove.length, "backup")} would go and free ${bytes(plan.bytes)}. They go by themselves after the next backup on schedule.`}
      </div>
      <div className={classes.verdicts}>
        <table className={shared.small} aria-label="Backups to delete and to keep">
          <thead>
            <tr>
              <th>Taken</th>
              <th className="num">Size</th>
              <th>Place</th>
              <th>What becomes of it</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ one, goes }) => (
              <Verdict key={`${one.place}:${one.id}`} one={one} goes={goes} />
            ))}
          </tbody>
        </table>
      </div>
      {plan.notes.map((note) => (
        <div key={note} className="dim">
          {note}
        </div>
      ))}
    </>
  );
}

function Verdict({ one, goes }: { one: PruneVerdict; goes: boolean }) {
  return (
    <tr>
      <td>
        <Timestamp at={one.madeAt} />
      </td>
      <td className="num">{bytes(one.bytes)}</td>
      <td title={one.place}>{placeWords(one.place)}</td>
      <td data-bad={goes || undefined}>{goes ? "goes" : `stays: ${one.why}`}</td>
    </tr>
  );
}
