/** The first rows, what kind of records they seem to be, and where they should go. */
import { Autocomplete, Button, Group, Radio, Select, Stack, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import type { FileHandle, FilePreview, ImportMode, ImportPreview, PlanImport } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollections } from "@/shared/data/workspace";
import { Loaded, Panel, StateMark, Tag } from "@/shared/ui";
import { percent } from "@/shared/words/words";
import classes from "./imports.module.css";
import { modeWords, sourceWords } from "./model";
import { PreviewRows } from "./PreviewRows";

export type ImportChoice = Omit<PlanImport, "full">;

type ChooseProps = { files: FileHandle[]; start?: ImportChoice; onPlan: (choice: ImportChoice) => void };

const noSchema = "without";

export function ChooseStep({ files, start, onPlan }: ChooseProps) {
  const ids = files.map((file) => file.id);
  const [schema, setSchema] = useState<string | undefined>(start?.schema === "" ? noSchema : start?.schema);
  const preview = useCall(
    "imports.preview",
    { files: ids, ...(schema && schema !== noSchema ? { schema } : {}) },
    { keep: true },
  );
  return (
    <Loaded query={preview}>
      {(data) => (
        <div className={classes.step}>
          <Destination
            ids={ids}
            preview={data}
            schema={schema}
            onSchema={setSchema}
            start={start}
            onPlan={onPlan}
          />
          {data.files.map((file) => (
            <FilePanel key={file.file.id} preview={file} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

type DestinationProps = {
  ids: string[];
  preview: ImportPreview;
  schema: string | undefined;
  onSchema: (schema: string) => void;
  start: ImportChoice | undefined;
  onPlan: (choice: ImportChoice) => void;
};

function Destination({ ids, preview, schema, onSchema, start, onPlan }: DestinationProps) {
  const schemas = useCall("schemas.list", {}).data?.schemas ?? [];
  const collections = useCollections();
  const detected = preview.files[0]?.detected[0];
  const chosen = schema ?? detected?.schema ?? noSchema;
  const summary = schemas.find((item) => item.id === chosen || item.pack === chosen);
  const [collection, setCollection] = useState(start?.collection ?? "");
  const [keyField, setKeyField] = useState(start?.keyField ?? "");
  const [mode, setMode] = useState<ImportMode>(start?.mode ?? "upsert");
  const [touched, setTouched] = useState(start !== undefined);
  useEffect(() => {
    if (touched) return;
    setCollection(summary?.collection ?? nameFor(preview));
    setKeyField(summary?.keyField ?? guessKey(preview));
  }, [touched, summary, preview]);
  const change = (set: (value: string) => void) => (value: string) => {
    setTouched(true);
    set(value);
  };
  const readable = preview.files.some(
    (file) => file.source.format !== "empty" && file.source.format !== "unknown",
  );

  return (
    <Panel title="Where the records go">
      <form
        className={classes.destination}
        onSubmit={(event) => {
          event.preventDefault();
          onPlan({ files: ids, schema: chosen === noSchema ? "" : chosen, collection, keyField, mode });
        }}
      >
        <div>
          <Select
            label="Schema"
            data={[
              ...schemas.map((item) => ({ value: item.id, label: `${item.title} (${item.id})` })),
              { value: noSchema, label: "Without a schema" },
            ]}
            value={summary?.id ?? chosen}
            allowDeselect={false}
            onChange={(next) => {
              setTouched(false);
              if (next) onSchema(next);
            }}
          />
          {detected && (
            <p className={classes.reason}>
              <IconInfoCircle size={13} aria-hidden /> {percent(detected.confidence)} sure: {detected.reason}
            </p>
          )}
        </div>
        <Autocomplete
          label="Collection"
          data={collections.map((item) => item.name)}
          value={collection}
          onChange={change(setCollection)}
        />
        <TextInput
          label="Key"
          description="The field that tells one record from another"
          inputWrapperOrder={["label", "input", "description"]}
          value={keyField}
          onChange={(event) => change(setKeyField)(event.currentTarget.value)}
        />
        <Radio.Group
          label="Records that exist already"
          value={mode}
          onChange={(next) => setMode(next as ImportMode)}
        >
          <Stack gap={6} mt={4}>
            {Object.entries(modeWords).map(([value, [title, about]]) => (
              <Radio key={value} value={value} label={title} description={about} />
            ))}
          </Stack>
        </Radio.Group>
        <Group justify="flex-end" className={classes.wide ?? ""}>
          <Button type="submit" disabled={!readable || collection.trim() === ""} data-autofocus>
            See the plan
          </Button>
        </Group>
      </form>
    </Panel>
  );
}

function nameFor(preview: ImportPreview): string {
  const name = preview.files[0]?.file.name ?? "records";
  return name
    .replace(/\.[^.]+$/, "")
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .toLowerCase();
}

function guessKey(preview: ImportPreview): string {
  const fields = preview.files[0]?.fields ?? [];
  return (
    fields.find((field) => field === "_id" || field === "id") ??
    fields.find((field) => field.endsWith("_id")) ??
    ""
  );
}

function FilePanel({ preview }: { preview: FilePreview }) {
  const broken = preview.rows.filter((row) => row.violations.length > 0 || row.document === undefined).length;
  return (
    <Panel
      title={preview.file.name}
      actions={
        <Group gap="sm">
          {sourceWords(preview.source).map((word) => (
            <Tag key={word}>{word}</Tag>
          ))}
          {preview.rows.length > 0 &&
            (broken > 0 ? (
              <StateMark tone="bad">
                {broken} of the first {preview.rows.length} rows have problems
              </StateMark>
            ) : (
              <StateMark tone="good">the first {preview.rows.length} rows are fine</StateMark>
            ))}
        </Group>
      }
    >
      {preview.notes.map((note) => (
        <p key={note} className={classes.noteLine}>
          <StateMark tone="warn">{note}</StateMark>
        </p>
      ))}
      <PreviewRows fields={preview.fields} rows={preview.rows} />
    </Panel>
  );
}
