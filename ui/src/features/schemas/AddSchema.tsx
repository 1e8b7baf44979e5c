/** A JSON Schema document on its way in: what it would become, and what can be said otherwise before it is kept. */
import { Alert, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import type { FileHandle, OfferedSchema, SchemaProblem, SchemaSummary } from "@/ipc";
import { useAction, useCall } from "@/shared/data/queries";
import { Loaded, Problem, showSaved } from "@/shared/ui";
import classes from "./schemas.module.css";

type Said = Omit<OfferedSchema, "file">;

export function AddSchema({ file, onClose }: { file: FileHandle; onClose: () => void }) {
  const [said, setSaid] = useState<Said>({});
  const offered = { file: file.id, ...said };
  const inspected = useCall("schemas.inspect", offered, { keep: true });
  const add = useAction("schemas.add");
  const problem = inspected.data?.problem;
  return (
    <Modal opened onClose={onClose} size="lg" title={`Add a schema: ${file.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(offered, {
            onSuccess: ({ summary, outcome }) => {
              showSaved(outcome === "unchanged" ? `${summary.id} already exists.` : `${summary.id} added.`);
              onClose();
            },
          });
        }}
      >
        <Stack gap="sm">
          <Loaded query={inspected}>
            {(data) => (
              <>
                {data.problem && <Wrong problem={data.problem} />}
                <Names summary={data.summary} said={said} onSaid={setSaid} />
                {data.derived.length > 0 && (
                  <ul className={classes.derived}>
                    {data.derived.map((sentence) => (
                      <li key={sentence}>{sentence}</li>
                    ))}
                  </ul>
                )}
              </>
            )}
          </Loaded>
          {add.error && <Problem error={add.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={add.isPending} disabled={!inspected.data || problem !== undefined}>
              Add the schema
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Wrong({ problem }: { problem: SchemaProblem }) {
  return (
    <Alert color="red" variant="light" title={problem.message}>
      {problem.pointer !== "" && <div className="mono">{problem.pointer}</div>}
      {problem.hint}
    </Alert>
  );
}

type NamesProps = { summary: SchemaSummary | undefined; said: Said; onSaid: (said: Said) => void };

/** What the document says or leaves open, until a person says it. */
function Names({ summary, said, onSaid }: NamesProps) {
  const field = (label: string, name: keyof Said, known: string | undefined, about: string) => (
    <TextInput
      label={label}
      description={about}
      value={said[name] ?? known ?? ""}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onSaid({ ...said, [name]: event.currentTarget.value })}
    />
  );
  return (
    <div className={classes.names}>
      {field("Name", "name", summary?.pack, "Lower-case letters, digits, _ and dots")}
      {field("Version", "version", summary?.version, "Three numbers")}
      {field("Collection", "collection", summary?.collection, "Where its records are stored")}
      {field("Key", "keyField", summary?.keyField, "The field that identifies a record")}
    </div>
  );
}
