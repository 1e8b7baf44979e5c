/** What the mapping makes of real rows: the source beside the result, and what is wrong at its place. */
import { SegmentedControl } from "@mantine/core";
import { useState } from "react";
import type { MappingPreview, MappingRule, PreviewRow, Violation } from "@/ipc";
import { Panel, StateMark } from "@/shared/ui";
import { ValueText } from "@/shared/value/ValueText";
import { count, fieldTitle, number } from "@/shared/words/words";
import classes from "./mapping.module.css";
import {
  columnsOf,
  escaped,
  keptFields,
  otherViolations,
  sourceValue,
  valueAtTarget,
  violationsAt,
} from "./model";

type ResultProps = {
  trial: MappingPreview;
  rules: MappingRule[];
  columns: string[];
  /** The rule that is open: only its values are shown. */
  focus: MappingRule | undefined;
  busy: boolean;
};

export function ResultTable({ trial, rules, columns, focus, busy }: ResultProps) {
  const [which, setWhich] = useState<"first" | "bad">("first");
  const rows = which === "bad" ? trial.badRows : trial.rows;
  return (
    <Panel
      title={focus ? `Result for ${focus.to || "all fields"}` : "Result"}
      actions={
        <div className={classes.resultHead}>
          <TrialState trial={trial} busy={busy} />
          <SegmentedControl
            aria-label="Rows to show"
            value={which}
            data={[
              { value: "first", label: "First rows" },
              { value: "bad", label: "With problems" },
            ]}
            onChange={(next) => setWhich(next as "first" | "bad")}
          />
        </div>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a wide table has to scroll by keyboard */}
      <section className={classes.resultWrap} tabIndex={0} aria-label="Result of the mapping">
        {rows.length === 0 ? (
          <p className={classes.note}>{nothing(trial, which)}</p>
        ) : focus ? (
          <FocusTable rows={rows} rule={focus} columns={columns} />
        ) : (
          <AllTable rows={rows} rules={rules} columns={columns} />
        )}
      </section>
    </Panel>
  );
}

/** Why there is no row to show. */
function nothing(trial: MappingPreview, which: "first" | "bad"): string {
  if (trial.error) return `${trial.error.message} ${trial.error.hint}`.trim();
  return which === "bad" ? "No row of those that were checked has problems." : "There are no rows.";
}

function TrialState({ trial, busy }: { trial: MappingPreview; busy: boolean }) {
  if (trial.error) return <StateMark tone="bad">The mapping cannot be used yet</StateMark>;
  if (busy) return <StateMark tone="plain">Trying…</StateMark>;
  if (trial.bad === 0)
    return <StateMark tone="good">the first {count(trial.checked, "row")} are fine</StateMark>;
  return (
    <StateMark tone="bad">
      {number(trial.bad)} of the first {count(trial.checked, "row")}{" "}
      {trial.bad === 1 ? "has problems" : "have problems"}
    </StateMark>
  );
}

function FocusTable({ rows, rule, columns }: { rows: PreviewRow[]; rule: MappingRule; columns: string[] }) {
  return (
    <table className={classes.result}>
      <thead>
        <tr>
          <th className="num">Row</th>
          <th>Source</th>
          <th>Result</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.rowNumber}>
            <td className="num faint">{row.rowNumber}</td>
            <td>
              <SourceCell row={row} rule={rule} columns={columns} />
            </td>
            <ResultCell row={row} rule={rule} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AllTable({ rows, rules, columns }: { rows: PreviewRow[]; rules: MappingRule[]; columns: string[] }) {
  const kept = keptFields(rows, rules);
  return (
    <table className={`${classes.result} ${classes.folding}`}>
      <thead>
        <tr>
          <th className="num">Row</th>
          {rules.map((rule) => (
            <th key={rule.to}>{fieldTitle(rule.to)}</th>
          ))}
          {kept.map((field) => (
            <th key={field} title="No rule writes this field: it is kept as it came">
              {fieldTitle(field)}
            </th>
          ))}
          <th>Other problems</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.rowNumber}>
            <td className="num faint">{row.rowNumber}</td>
            {row.source === undefined && row.document === undefined ? (
              <td colSpan={rules.length} className="mono">
                {row.raw}
              </td>
            ) : (
              rules.map((rule) => (
                <ResultCell key={rule.to} row={row} rule={rule} label={fieldTitle(rule.to)}>
                  <span className={classes.beneath}>
                    <SourceCell row={row} rule={rule} columns={columns} />
                  </span>
                </ResultCell>
              ))
            )}
            {kept.map((field) => (
              <td key={field} className="faint" data-label={fieldTitle(field)}>
                <ValueText value={valueAtTarget(row.document, `/${escaped(field)}`)} />
              </td>
            ))}
            <td className={classes.messages} data-label="Other problems">
              <Messages violations={otherViolations(row.violations, rules)} named />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type CellProps = { row: PreviewRow; rule: MappingRule; label?: string; children?: React.ReactNode };

function ResultCell({ row, rule, label, children }: CellProps) {
  const wrong = violationsAt(row.violations, rule.to);
  const value = rule.to === "" ? row.document : valueAtTarget(row.document, rule.to);
  return (
    <td data-wrong={wrong.length > 0 || undefined} data-label={label}>
      <div className={classes.value}>
        {row.document === undefined ? (
          <span className="faint">—</span>
        ) : (
          <ValueText value={value} required={wrong.some((one) => one.rule === "required")} />
        )}
      </div>
      {children}
      <Messages violations={wrong} />
    </td>
  );
}

function Messages({ violations, named }: { violations: Violation[]; named?: boolean }) {
  return violations.map((one) => (
    <span key={`${one.pointer}${one.rule}`} className={classes.message}>
      {named && one.pointer !== "" && <span className="mono">{one.pointer.slice(1)} </span>}
      {one.message}
    </span>
  ));
}

function SourceCell({ row, rule, columns }: { row: PreviewRow; rule: MappingRule; columns: string[] }) {
  const read = [...new Set(columnsOf(rule.from))];
  if (row.source === undefined) return <span className="mono">{row.raw}</span>;
  if (read.length === 0) return <span className="faint">no column</span>;
  return read.map((column, at) => (
    <span key={column}>
      {at > 0 && <span className="faint"> · </span>}
      <ValueText value={sourceValue(row.source, column, columns)} />
    </span>
  ));
}
