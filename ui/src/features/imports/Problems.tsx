/** Errors by rule and field, and the first rows that have them. */
import { useState } from "react";
import type { ProblemCount, RejectedRow } from "@/ipc";
import { count, fieldTitle, number, ruleText } from "@/shared/words/words";
import classes from "./imports.module.css";

export function Problems({ problems }: { problems: ProblemCount[] }) {
  const most = Math.max(1, ...problems.map((problem) => problem.rows));
  return (
    <ul className={classes.problems}>
      {problems.map((problem) => (
        <li key={`${problem.field}:${problem.rule}`}>
          <span className={classes.problemBar} aria-hidden>
            <span style={{ width: `${(100 * problem.rows) / most}%` }} />
          </span>
          <strong className="num">{number(problem.rows)}</strong>
          <span>
            {fieldTitle(problem.field)} {ruleText(problem.rule)}
            <span className="faint"> e.g. {problem.message}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function RejectedRows({ rows, total }: { rows: RejectedRow[]; total: number }) {
  const [open, setOpen] = useState(false);
  if (rows.length === 0) return null;
  return (
    <div className={classes.rejected}>
      <button type="button" className={classes.link} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open
          ? "Hide the rows"
          : rows.length < total
            ? `Show the first ${count(rows.length, "row")}`
            : `Show ${count(rows.length, "row")}`}
      </button>
      {open && (
        <ol className={classes.rejectedList}>
          {rows.map((row) => (
            <li key={`${row.file}:${row.rowNumber}`}>
              <span className="faint">row {number(row.rowNumber)}</span>
              <div>
                <div className={classes.bad}>{row.errors.map((error) => error.message).join(" ")}</div>
                <div className={classes.raw}>{row.raw}</div>
              </div>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
