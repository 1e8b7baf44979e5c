/** What a fix comes to: how many rows are right then, which rules are still broken, and rows before and after. */
import type { FixPlan, FixSample } from "@/ipc";
import { StateMark } from "@/shared/ui";
import { Change, ValueText } from "@/shared/value/ValueText";
import { count, fieldTitle, number, ruleText } from "@/shared/words/words";
import classes from "./fix.module.css";

export function FixPreview({ plan, stale }: { plan: FixPlan; stale: boolean }) {
  return (
    <section
      className={classes.preview}
      aria-label="What changes"
      aria-busy={stale}
      data-stale={stale || undefined}
    >
      <Summary plan={plan} />
      {plan.samples.length > 0 && (
        <div className={classes.samples}>
          <table className={classes.table}>
            <thead>
              <tr>
                <th scope="col">Row</th>
                <th scope="col">Before and after</th>
                <th scope="col">Then</th>
              </tr>
            </thead>
            <tbody>
              {plan.samples.map((sample) => (
                <SampleLine key={sample.id} sample={sample} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Summary({ plan }: { plan: FixPlan }) {
  if (plan.changed === 0 && plan.failed === 0)
    return <div className="dim">No changes in {count(plan.rows, "row")} yet.</div>;
  return (
    <div className={classes.summary}>
      {plan.right > 0 && (
        <StateMark tone="good">
          {count(plan.right, "row")} {plan.right === 1 ? "becomes" : "become"} valid
        </StateMark>
      )}
      {plan.stillBroken > 0 && <StateMark tone="warn">{number(plan.stillBroken)} still invalid</StateMark>}
      {plan.failed > 0 && <StateMark tone="bad">{number(plan.failed)} cannot be converted</StateMark>}
      {plan.rows > plan.changed + plan.failed && (
        <span className="dim">{number(plan.rows - plan.changed - plan.failed)} unchanged</span>
      )}
      {plan.problems.slice(0, 3).map((problem) => (
        <span key={`${problem.field}:${problem.rule}`} className="dim">
          {fieldTitle(problem.field)} {ruleText(problem.rule)}: {number(problem.rows)}
        </span>
      ))}
    </div>
  );
}

function SampleLine({ sample }: { sample: FixSample }) {
  const wrong = sample.errors.map((error) => error.message).join(" ");
  return (
    <tr>
      <td className="dim" title={sample.file}>
        {number(sample.rowNumber)}
      </td>
      <td>
        {JSON.stringify(sample.before) === JSON.stringify(sample.after) ? (
          <ValueText value={sample.before} />
        ) : (
          <Change before={sample.before} after={sample.after} />
        )}
      </td>
      <td>
        {wrong === "" ? (
          <StateMark tone="good">right</StateMark>
        ) : (
          <span className={classes.wrong}>{wrong}</span>
        )}
      </td>
    </tr>
  );
}
