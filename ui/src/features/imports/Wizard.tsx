/** From files to records, step by step: look, choose, see the whole plan, apply, read the outcome. */
import { Button, Stepper } from "@mantine/core";
import { useState } from "react";
import type { FileHandle, ImportPlan, RunRecord } from "@/ipc";
import { Page } from "@/shared/ui";
import { bytes } from "@/shared/words/words";
import { ApplyStep } from "./ApplyStep";
import { ChooseStep } from "./ChooseStep";
import classes from "./imports.module.css";
import { MappingStep } from "./mapping/MappingStep";
import type { ImportChoice } from "./model";
import { OutcomeStep } from "./OutcomeStep";
import { PlanStep } from "./PlanStep";

type WizardProps = { files: FileHandle[]; onClose: () => void; onEnd: () => void };

type Stage =
  | { at: "choose"; choice?: ImportChoice }
  | { at: "mapping"; choice: ImportChoice }
  | { at: "plan"; choice: ImportChoice }
  | { at: "apply"; choice: ImportChoice; plan: ImportPlan }
  | { at: "outcome"; run: RunRecord };

const steps = ["choose", "mapping", "plan", "apply", "outcome"] as const;

export function Wizard({ files, onClose, onEnd }: WizardProps) {
  const [stage, setStage] = useState<Stage>({ at: "choose" });
  const names = files
    .map((file) => (file.bytes > 0 ? `${file.name} (${bytes(file.bytes)})` : file.name))
    .join(", ");
  return (
    <Page
      title="Import"
      about={names}
      actions={
        stage.at === "outcome" ? (
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
        ) : (
          <Button variant="default" onClick={onClose} disabled={stage.at === "apply"}>
            Cancel the import
          </Button>
        )
      }
    >
      <Stepper
        active={steps.indexOf(stage.at)}
        size="xs"
        iconSize={22}
        className={classes.steps ?? ""}
        allowNextStepsSelect={false}
      >
        <Stepper.Step label="Files" />
        <Stepper.Step label="Mapping" />
        <Stepper.Step label="Plan" />
        <Stepper.Step label="Import" />
        <Stepper.Step label="Outcome" />
      </Stepper>
      {stage.at === "choose" && (
        <ChooseStep
          files={files}
          {...(stage.choice ? { start: stage.choice } : {})}
          onGo={(at, choice) => setStage({ at, choice })}
        />
      )}
      {stage.at === "mapping" && (
        <MappingStep
          files={files}
          choice={stage.choice}
          onBack={(choice) => setStage({ at: "choose", choice })}
          onPlan={(choice) => setStage({ at: "plan", choice })}
        />
      )}
      {stage.at === "plan" && (
        <PlanStep
          choice={stage.choice}
          onBack={() => setStage({ at: "choose", choice: stage.choice })}
          onApply={(plan) => setStage({ at: "apply", choice: stage.choice, plan })}
        />
      )}
      {stage.at === "apply" && (
        <ApplyStep
          plan={stage.plan}
          onDone={(run) => {
            setStage({ at: "outcome", run });
            onEnd();
          }}
          onBack={() => setStage({ at: "plan", choice: stage.choice })}
        />
      )}
      {stage.at === "outcome" && <OutcomeStep run={stage.run} onClose={onClose} />}
    </Page>
  );
}
