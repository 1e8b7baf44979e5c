/** Records with what changes in them, field by field. */
import type { DiffSample, FieldChange, RecordChange, Violation } from "@/ipc";
import { fieldTitle, ruleText } from "../words/words";
import classes from "./diff.module.css";
import { keyText } from "./model";
import { pointerToPath, segmentsOf } from "./path";
import { Change } from "./ValueText";

export function DiffList({ samples }: { samples: DiffSample[] }) {
  return (
    <div className={classes.list}>
      {samples.map((sample) => (
        <article key={keyText(sample.key)} className={classes.record}>
          <header className={classes.head}>
            <span>{sample.title || keyText(sample.key)}</span>
            {sample.title !== keyText(sample.key) && (
              <span className="mono faint">{keyText(sample.key)}</span>
            )}
          </header>
          <Changes changes={sample.changes} />
        </article>
      ))}
    </div>
  );
}

export function Changes({ changes, gone }: { changes: FieldChange[]; gone?: boolean }) {
  return (
    <dl className={classes.changes}>
      {changes.map((change) => (
        <div key={change.path} className={classes.line}>
          <dt title={change.path}>{change.path === "" ? "record" : nestedTitle(change.path)}</dt>
          <dd>
            <Change before={change.before} after={change.after} gone={gone ?? false} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function nestedTitle(path: string): string {
  return segmentsOf(path).map(fieldTitle).join(" › ");
}

const opWords = { insert: "added", update: "changed", delete: "deleted" } as const;

/** One record's part in a change set. */
export function RecordChangeView({ change, title }: { change: RecordChange; title?: string }) {
  const document = change.document;
  const whole: FieldChange[] =
    typeof document === "object" && document !== null && !Array.isArray(document)
      ? Object.entries(document).map(([path, value]) =>
          change.op === "delete" ? { path, before: value } : { path, after: value },
        )
      : [];
  return (
    <article className={classes.record}>
      <header className={classes.head}>
        {title ? <span>{title}</span> : <span className="mono">{keyText(change.key)}</span>}
        {!title && <span className="faint">{opWords[change.op]}</span>}
      </header>
      <Changes
        changes={change.fields && change.fields.length > 0 ? change.fields : whole}
        gone={change.op === "delete"}
      />
    </article>
  );
}

/** Broken rules as sentences, each with its field. */
type ViolationsProps = {
  violations: Violation[];
  /** What can be done about one of them, beside its sentence. */
  action?: (violation: Violation) => React.ReactNode;
};

export function ViolationList({ violations, action }: ViolationsProps) {
  return (
    <ul className={classes.violations}>
      {violations.map((violation) => {
        const path = pointerToPath(violation.pointer);
        return (
          <li key={`${violation.pointer}:${violation.rule}:${violation.message}`}>
            {path !== "" && <strong>{nestedTitle(path)}</strong>} {violation.message}
            <span className="visually-hidden"> ({ruleText(violation.rule)})</span> {action?.(violation)}
          </li>
        );
      })}
    </ul>
  );
}
