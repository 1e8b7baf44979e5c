/** A corrected table comes back: what each line would change, and which lines cannot be taken. */
import { Button, Group, Modal, Stack } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import {
  type ApiError,
  asApiError,
  type CorrectionFate,
  type CorrectionLine,
  type CorrectionsPlan,
  call,
  type FileHandle,
} from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { outcomeOf } from "@/shared/jobs/jobs";
import { Loaded, StateMark, showError } from "@/shared/ui";
import { Changes } from "@/shared/value/DiffList";
import { choiceList, count, number } from "@/shared/words/words";
import type { CellEdits } from "./cells";
import classes from "./fix.module.css";
import { tellFixed } from "./tell";

const words: Record<CorrectionFate, { text: string; tone: "good" | "warn" | "bad" | undefined }> = {
  released: { text: "will be imported", tone: "good" },
  stillBroken: { text: "still invalid", tone: "warn" },
  unchanged: { text: "unchanged", tone: undefined },
  unknown: { text: "no such row", tone: "bad" },
  notWaiting: { text: "no longer in quarantine", tone: "bad" },
  edited: { text: "edited here since", tone: "bad" },
  repeated: { text: "appears twice", tone: "bad" },
};

type DialogProps = { file: FileHandle; onClose: () => void; onDone: () => void };

export function CorrectionsDialog({ file, ...rest }: DialogProps) {
  const plan = useCall("quarantine.planCorrections", { file: file.id });
  return <PlannedDialog title={`Corrections in ${file.name}`} plan={plan} {...rest} />;
}

type CellsProps = { title: string; cells: CellEdits; onClose: () => void; onDone: () => void };

/** Cells that were pasted, cleared or filled at once. */
export function CellsDialog({ title, cells, ...rest }: CellsProps) {
  const plan = useCall("quarantine.planEdits", { edits: cells.edits });
  const { unchanged, refused, beyond } = cells;
  return (
    <PlannedDialog title={title} plan={plan} {...rest}>
      <div className="dim">
        {count(cells.changed, "cell")} {cells.changed === 1 ? "changes" : "change"}
        {unchanged > 0 && `, ${number(unchanged)} unchanged`}
        {beyond > 0 && `, ${number(beyond)} outside the grid left out`}.
      </div>
      {refused.length > 0 && (
        <ul className={classes.refused} aria-label="Cells that keep their value">
          {refused.slice(0, 20).map(({ key, column, text, why }) => (
            <li key={`${key} ${column}`}>
              {column}: “{text}” is not written. {why}
            </li>
          ))}
          {refused.length > 20 && <li>{number(refused.length - 20)} more.</li>}
        </ul>
      )}
    </PlannedDialog>
  );
}

type PlannedProps = {
  title: string;
  plan: UseQueryResult<CorrectionsPlan, ApiError>;
  children?: React.ReactNode;
  onClose: () => void;
  onDone: () => void;
};

function PlannedDialog({ title, plan, children, onClose, onDone }: PlannedProps) {
  const [busy, setBusy] = useState(false);
  const apply = async ({ planId }: CorrectionsPlan) => {
    setBusy(true);
    try {
      tellFixed(await outcomeOf(await call("quarantine.applyCorrections", { planId }), "retried"));
      onDone();
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={onClose} title={title} size={760}>
      <Loaded query={plan}>
        {(data) => (
          <Stack gap="sm">
            {children}
            <Counts plan={data} />
            {data.listed.length > 0 && <Lines lines={data.listed} />}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button loading={busy} disabled={data.changed === 0} onClick={() => void apply(data)}>
                {data.changed > 0 ? `Correct ${count(data.changed, "row")}` : "Nothing to correct"}
              </Button>
            </Group>
          </Stack>
        )}
      </Loaded>
    </Modal>
  );
}

function Counts({ plan }: { plan: CorrectionsPlan }) {
  return (
    <div className={classes.summary}>
      <span>{count(plan.lines, "row")}:</span>
      {plan.counts.map(({ fate, lines }) => (
        <Mark key={fate} fate={fate} text={`${number(lines)} ${words[fate].text}`} />
      ))}
      {plan.ignored.length > 0 && (
        <span className="dim">
          No row has the {plan.ignored.length === 1 ? "field" : "fields"} {choiceList(plan.ignored)}.
        </span>
      )}
    </div>
  );
}

function Mark({ fate, text }: { fate: CorrectionFate; text: string }) {
  const { tone } = words[fate];
  return tone ? <StateMark tone={tone}>{text}</StateMark> : <span className="dim">{text}</span>;
}

function Lines({ lines }: { lines: CorrectionLine[] }) {
  return (
    <div className={classes.samples}>
      <table className={classes.table} aria-label="Lines of the table">
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">What changes</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.line}>
              <td className="dim">
                {line.file ? `${line.file}, row ${number(line.rowNumber)}` : `line ${number(line.line)}`}
              </td>
              <td>
                <Changes changes={line.changes} />
                {line.changes.length === 0 && <span className="mono dim">{line.id}</span>}
              </td>
              <td>
                <Mark fate={line.fate} text={words[line.fate].text} />
                {line.errors.map((error) => (
                  <div key={`${error.pointer}:${error.rule}:${error.message}`} className={classes.wrong}>
                    {error.message}
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
