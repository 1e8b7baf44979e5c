/** Between the files and the plan: how their columns become fields, tried on real rows at every change. */
import type { FileHandle, Mapping } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { Loading } from "@/shared/ui";
import type { ImportChoice } from "../model";
import { MappingEditor } from "./MappingEditor";
import { emptyMapping } from "./model";

type StepProps = {
  files: FileHandle[];
  choice: ImportChoice;
  onChoice: (choice: ImportChoice) => void;
  onBack: (choice: ImportChoice) => void;
  onPlan: (choice: ImportChoice) => void;
};

export function MappingStep({ files, choice, onChoice, onBack, onPlan }: StepProps) {
  const schema = choice.schema ?? "";
  const suggest = useCall(
    "mappings.suggest",
    { files: choice.files.slice(0, 1), choices: (choice.choices ?? []).slice(0, 1), schema },
    { enabled: schema !== "" },
  );
  if (schema !== "" && suggest.isPending) return <Loading />;
  const suggestion = suggest.data?.suggestion;
  // Without a rule everything is kept: that is no mapping.
  const used = (mapping: Mapping): ImportChoice => {
    const { mapping: _before, ...rest } = choice;
    const bare = JSON.stringify(mapping) === JSON.stringify(emptyMapping);
    return bare ? rest : { ...rest, mapping };
  };
  return (
    <MappingEditor
      files={files}
      choices={choice.choices ?? []}
      schema={schema}
      initial={choice.mapping ?? suggestion?.mapping ?? emptyMapping}
      suggestion={suggestion}
      onChange={(mapping) => onChoice(used(mapping))}
      onBack={(mapping) => onBack(used(mapping))}
      onPlan={(mapping) => onPlan(used(mapping))}
    />
  );
}
