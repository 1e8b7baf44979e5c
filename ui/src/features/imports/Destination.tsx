/** Import into: schema, collection, key, and what happens to records and rows that are there already. */
import { Autocomplete, Button, Group, Radio, Select, Stack, Switch, TextInput } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import type { Duplicates, ImportMode, ImportPreview, Mapping, SourceChoice } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollections } from "@/shared/data/workspace";
import { Panel } from "@/shared/ui";
import { percent } from "@/shared/words/words";
import { DuplicatesChoice } from "./DuplicatesChoice";
import classes from "./imports.module.css";
import { guessKey, type ImportChoice, isReadable, modeWords, nameFor, noSchema } from "./model";
import { SuggestionNote, useSuggestion } from "./SuggestionNote";

type DestinationProps = {
  ids: string[];
  choices: SourceChoice[];
  preview: ImportPreview;
  schema: string | undefined;
  mapping: Mapping | undefined;
  start: ImportChoice | undefined;
  onSchema: (schema: string) => void;
  onMapping: (mapping: Mapping | undefined) => void;
  onChoice: (choice: ImportChoice) => void;
  onGo: (to: "mapping" | "plan", choice: ImportChoice) => void;
};

export function Destination(props: DestinationProps) {
  const { ids, choices, preview, schema, mapping, start, onSchema, onMapping, onChoice, onGo } = props;
  const schemas = useCall("schemas.list", {}).data?.schemas ?? [];
  const collections = useCollections();
  const detected = preview.files[0]?.detected[0];
  const chosen = schema ?? detected?.schema ?? noSchema;
  const summary = schemas.find((item) => item.id === chosen || item.pack === chosen);
  const [collection, setCollection] = useState(start?.collection ?? "");
  const [keyField, setKeyField] = useState(start?.keyField ?? "");
  const [mode, setMode] = useState<ImportMode>(start?.mode ?? "upsert");
  const [duplicates, setDuplicates] = useState<Duplicates | undefined>(start?.duplicates);
  const [staged, setStaged] = useState(start?.staged ?? false);
  const [touched, setTouched] = useState(start !== undefined);
  useEffect(() => {
    if (touched) return;
    setCollection(summary?.storedIn ?? nameFor(preview));
    setKeyField(summary?.storedBy ?? guessKey(preview));
  }, [touched, summary, preview]);
  const change = (set: (value: string) => void) => (value: string) => {
    setTouched(true);
    set(value);
  };
  const readable = isReadable(preview);
  const suggestion = useSuggestion(ids, choices, chosen, schema !== undefined, readable);
  const advised =
    mapping === undefined && (suggestion?.needed ?? false) && suggestion?.schema === summary?.id;
  const choice = (): ImportChoice => ({
    files: ids,
    choices,
    schema: chosen === noSchema ? "" : (summary?.id ?? chosen),
    collection,
    keyField,
    mode,
    ...(staged ? { staged } : {}),
    ...(duplicates ? { duplicates } : {}),
    ...(mapping ? { mapping } : {}),
  });
  const ready = readable && collection.trim() !== "";
  useKept(ready ? choice() : undefined, start, onChoice);

  return (
    <Panel title="Import into">
      <form
        className={classes.destination}
        onSubmit={(event) => {
          event.preventDefault();
          onGo("plan", choice());
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
              <IconInfoCircle size={13} aria-hidden /> {percent(Math.round(detected.confidence * 100) / 100)}{" "}
              sure: {detected.reason}
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
          description="The field that identifies a record"
          inputWrapperOrder={["label", "input", "description"]}
          value={keyField}
          onChange={(event) => change(setKeyField)(event.currentTarget.value)}
        />
        <Stack gap="xs">
          <DuplicatesChoice
            value={duplicates}
            fields={preview.files[0]?.fields ?? []}
            onChange={setDuplicates}
          />
        </Stack>
        <Radio.Group
          className={classes.wide ?? ""}
          label="Existing records"
          value={mode}
          onChange={(next) => setMode(next as ImportMode)}
        >
          <div className={classes.modes}>
            {Object.entries(modeWords).map(([value, [title, about]]) => (
              <Radio key={value} value={value} label={title} description={about} />
            ))}
          </div>
        </Radio.Group>
        <Switch
          className={classes.wide ?? ""}
          label="Stage first"
          description="Into a separate collection, to be promoted after review"
          checked={staged}
          onChange={(event) => setStaged(event.currentTarget.checked)}
        />
        <Group justify="space-between" className={classes.wide ?? ""}>
          <SuggestionNote
            suggestion={suggestion}
            mapping={mapping}
            schema={summary?.id ?? ""}
            onSchema={onSchema}
            onMapping={onMapping}
          />
          <Group gap="xs" ml="auto">
            <Button
              variant={advised ? "filled" : "default"}
              disabled={!ready}
              onClick={() => onGo("mapping", choice())}
            >
              {advised ? "View the mapping" : "Edit the mapping"}
            </Button>
            <Button type="submit" variant={advised ? "default" : "filled"} disabled={!ready} data-autofocus>
              See the plan
            </Button>
          </Group>
        </Group>
      </form>
    </Panel>
  );
}

/** Tells of every choice that is not the one that was there at the beginning. */
function useKept(
  choice: ImportChoice | undefined,
  start: ImportChoice | undefined,
  onChoice: (choice: ImportChoice) => void,
): void {
  const text = choice && JSON.stringify(choice);
  const last = useRef(start && JSON.stringify(start));
  const keep = useRef(onChoice);
  keep.current = onChoice;
  useEffect(() => {
    if (text === undefined || text === last.current) return;
    const isFirst = last.current === undefined;
    last.current = text;
    if (!isFirst) keep.current(JSON.parse(text) as ImportChoice);
  }, [text]);
}
