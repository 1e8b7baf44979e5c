/** What became of each step of connecting to a MongoDB database. */
import type { ConnectionReport, ConnectionStage, StageName, StageOutcome } from "@/ipc";
import { StateMark, type Tone } from "../ui";
import { number } from "../words/words";
import classes from "./connection.module.css";

const stageWords: Record<StageName, string> = {
  name: "Name",
  network: "Network",
  tls: "Encryption (TLS)",
  login: "Login",
  permissions: "Permissions",
};

const tones: Record<StageOutcome, Tone> = {
  passed: "good",
  failed: "bad",
  notNeeded: "plain",
  notReached: "plain",
};

const outcomeWords: Record<StageOutcome, string> = {
  passed: "passed",
  failed: "failed",
  notNeeded: "not needed",
  notReached: "not reached",
};

export function Report({ report }: { report: ConnectionReport }) {
  const missing = report.permissions.filter((permission) => !permission.allowed);
  return (
    <div className={classes.report} role="status">
      <ol className={classes.stages}>
        {report.stages.map((stage) => (
          <StageLine key={stage.name} stage={stage} />
        ))}
      </ol>
      {report.server && <div className="dim">{report.server}</div>}
      {missing.length > 0 && (
        <ul className={classes.missing}>
          {missing.map((permission) => (
            <li key={permission.name}>
              Not allowed: <span className="mono">{permission.name}</span>, needed for {permission.neededFor}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function StageLine({ stage }: { stage: ConnectionStage }) {
  return (
    <li>
      <span className={classes.stageName}>{stageWords[stage.name]}</span>
      <StateMark tone={tones[stage.outcome]}>{outcomeWords[stage.outcome]}</StateMark>
      <span className={classes.stageText}>
        {stage.message}
        {stage.hint && <span className="dim"> {stage.hint}</span>}
      </span>
      <span className="faint num">{stage.outcome === "notReached" ? "" : `${number(stage.millis)} ms`}</span>
    </li>
  );
}
