/** The first rows, how they are read, what kind of records they seem to be, and where they should go. */
import { Alert, Button, Group } from "@mantine/core";
import { useRef, useState } from "react";
import type { FileHandle, ImportPreview, Mapping, SourceChoice } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { Loading, Problem } from "@/shared/ui";
import { Destination } from "./Destination";
import { FilePanel } from "./FilePanel";
import classes from "./imports.module.css";
import { type ImportChoice, noSchema } from "./model";
import { isChosen } from "./reading";

type ChooseProps = {
  files: FileHandle[];
  start?: ImportChoice;
  /** What was chosen changed. */
  onChoice: (choice: ImportChoice) => void;
  onGo: (to: "mapping" | "plan", choice: ImportChoice) => void;
};

export function ChooseStep({ files, start, onChoice, onGo }: ChooseProps) {
  const ids = files.map((file) => file.id);
  const [schema, setSchema] = useState<string | undefined>(start?.schema === "" ? noSchema : start?.schema);
  const [choices, setChoices] = useState<SourceChoice[]>(start?.choices ?? files.map(() => ({})));
  const [mapping, setMapping] = useState<Mapping | undefined>(start?.mapping);
  const preview = useCall(
    "imports.preview",
    {
      files: ids,
      choices,
      ...(schema && schema !== noSchema ? { schema } : {}),
      ...(mapping ? { mapping } : {}),
    },
    { keep: true },
  );
  // A choice that does not fit must not take away the means to choose otherwise.
  const last = useRef<ImportPreview>(undefined);
  if (preview.data) last.current = preview.data;
  const data = last.current;
  if (!data) {
    return preview.error ? (
      <Problem error={preview.error} retry={() => void preview.refetch()} />
    ) : (
      <Loading />
    );
  }
  // A database is not read blindly: the collection that is shown is the one that is asked for.
  const asked = choices.map((choice, at) => {
    const source = data.files[at]?.source;
    return source?.format === "collection" && source.part ? { ...choice, part: source.part } : choice;
  });
  return (
    <div className={classes.step}>
      {preview.error && (
        <Alert color="red" variant="light" title={preview.error.message}>
          <Group justify="space-between">
            {preview.error.hint ?? "The preview below shows what could be read before."}
            {(mapping !== undefined || choices.some(isChosen)) && (
              <Button
                variant="default"
                onClick={() => {
                  setChoices(files.map(() => ({})));
                  setMapping(undefined);
                }}
              >
                As detected
              </Button>
            )}
          </Group>
        </Alert>
      )}
      <Destination
        ids={ids}
        choices={asked}
        preview={data}
        schema={schema}
        mapping={mapping}
        start={start}
        onSchema={setSchema}
        onMapping={setMapping}
        onChoice={onChoice}
        onGo={onGo}
      />
      {data.files.map((file, at) => (
        <FilePanel
          key={file.file.id}
          preview={file}
          choice={choices[at] ?? {}}
          onChoice={(choice) => setChoices(choices.map((old, other) => (other === at ? choice : old)))}
        />
      ))}
    </div>
  );
}
