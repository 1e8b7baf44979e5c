/** From files to records, step by step: look, choose, see the whole plan, apply, read the outcome. Each step has its address. */
import { Button, Group, Stepper } from "@mantine/core";
import { Navigate, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { asApiError, type FileHandle, type ImportPlan, type RunRecord } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { pickFiles, useNativeFiles } from "@/shared/files";
import { Page, Problem, showError } from "@/shared/ui";
import { bytes } from "@/shared/words/words";
import { ApplyStep } from "./ApplyStep";
import { ChooseStep } from "./ChooseStep";
import { DatabaseSource } from "./DatabaseSource";
import { dropImportDraft, keepImportDraft, useBeginImport, useGoToStep, useImportDraft } from "./drafts";
import { type ImportDraft, type ImportStep, importSteps, readStep, withFiles } from "./drafts.model";
import classes from "./imports.module.css";
import { MappingStep } from "./mapping/MappingStep";
import type { ImportChoice } from "./model";
import { OutcomeStep } from "./OutcomeStep";
import { PlanStep } from "./PlanStep";

export function WizardPage() {
  const { draftId, step } = useParams({ from: "/imports/draft/$draftId/$step" });
  return <Wizard key={draftId} id={draftId} step={readStep(step)} />;
}

function Wizard({ id, step }: { id: string; step: ImportStep }) {
  const kept = useImportDraft(id);
  // Once it is applied it is no draft any more, but it is still on screen.
  const [applied, setApplied] = useState<{ draft: ImportDraft; plan: ImportPlan; run?: RunRecord }>();
  const draft = kept ?? applied?.draft;
  const go = useGoToStep();
  const navigate = useNavigate();
  useBeginImport();
  const close = () => void navigate({ to: "/imports" });
  if (!draft) return <Navigate to="/imports" replace />;

  const { choice } = draft;
  const walk = (to: ImportStep, next: ImportChoice | undefined) => {
    keepImportDraft({ ...draft, step: to, ...(next ? { choice: next } : {}) });
    go(id, to);
  };
  const keep = (next: ImportChoice) => keepImportDraft({ ...draft, step, choice: next });
  const apply = (plan: ImportPlan) => {
    setApplied({ draft, plan });
    go(id, "import");
  };

  const body = () => {
    switch (step) {
      case "files":
        return (
          <ChooseStep
            files={draft.files}
            {...(choice ? { start: choice } : {})}
            onChoice={keep}
            onGo={walk}
          />
        );
      case "mapping":
        return (
          choice && (
            <MappingStep
              files={draft.files}
              choice={choice}
              onChoice={keep}
              onBack={(next) => walk("files", next)}
              onPlan={(next) => walk("plan", next)}
            />
          )
        );
      case "plan":
        return (
          kept && choice && <PlanStep choice={choice} onBack={() => walk("files", choice)} onApply={apply} />
        );
      case "import":
        return (
          applied && (
            <ApplyStep
              plan={applied.plan}
              onBegun={() => dropImportDraft(id)}
              onDone={(run) => {
                setApplied({ ...applied, run });
                go(id, "outcome", true);
              }}
              onBack={() => walk("plan", choice)}
            />
          )
        );
      case "outcome":
        return applied?.run && <OutcomeStep run={applied.run} onClose={close} />;
    }
  };
  const shown = body();
  // An address whose step cannot be shown any more: after a reload nothing is known of a plan, for instance.
  if (!shown)
    return kept && step !== "files" ? <ToStep id={id} step={choice ? "plan" : "files"} /> : <ToList />;
  return (
    <Page
      title="Import"
      about={namesOf(draft.files)}
      actions={
        step === "outcome" ? (
          <Button variant="default" onClick={close}>
            Close
          </Button>
        ) : (
          <Button
            variant="default"
            disabled={step === "import"}
            onClick={() => {
              dropImportDraft(id);
              close();
            }}
          >
            Cancel the import
          </Button>
        )
      }
    >
      <Stepper
        active={importSteps.indexOf(step)}
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
      {kept && step !== "import" ? <WithFiles draft={kept}>{shown}</WithFiles> : shown}
    </Page>
  );
}

function ToList() {
  return <Navigate to="/imports" replace />;
}

function ToStep({ id, step }: { id: string; step: ImportStep }) {
  return <Navigate to="/imports/draft/$draftId/$step" params={{ draftId: id, step }} replace />;
}

function namesOf(files: FileHandle[]): string {
  return files.map((file) => (file.bytes > 0 ? `${file.name} (${bytes(file.bytes)})` : file.name)).join(", ");
}

/** Files are known for as long as the program runs: those of an older draft are chosen once more. */
function WithFiles({ draft, children }: { draft: ImportDraft; children: React.ReactNode }) {
  const native = useNativeFiles();
  const [elsewhere, setElsewhere] = useState(false);
  const files = draft.files.map((file) => file.id);
  const look = useCall(
    "imports.preview",
    { files, choices: files.map(() => ({})) },
    { lasts: Number.POSITIVE_INFINITY },
  );
  if (look.error?.code !== "notFound") return children;
  const use = (picked: FileHandle[]) => {
    if (picked.length > 0) keepImportDraft(withFiles(draft, picked));
  };
  const chooseAgain = async () => {
    try {
      use(await pickFiles(native, "import", true));
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <div className={classes.step}>
      <Problem
        error={{
          code: "notFound",
          message: `Steward was restarted since ${namesOf(draft.files)} was chosen.`,
          hint: "Choose it again. Your mapping and the other choices are kept.",
        }}
      />
      <Group>
        <Button onClick={() => void chooseAgain()}>Choose files again</Button>
        <Button variant="default" onClick={() => setElsewhere(true)}>
          From a database…
        </Button>
      </Group>
      <DatabaseSource
        opened={elsewhere}
        onClose={() => setElsewhere(false)}
        onSource={(source) => {
          setElsewhere(false);
          use([source]);
        }}
      />
    </div>
  );
}
