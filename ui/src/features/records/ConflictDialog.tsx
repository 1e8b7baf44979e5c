/** Someone else changed the same fields: mine, theirs and before, with a choice for each field. */
import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { EditOutcome, EditRecord, Ext, FieldConflict, RecordDetail } from "@/ipc";
import { ValueText } from "@/shared/value/ValueText";
import { count, fieldTitle } from "@/shared/words/words";
import { type Choice, resolvedRequest } from "./conflict.model";
import classes from "./records.module.css";

type Conflict = { request: EditRecord; outcome: Extract<EditOutcome, { status: "conflict" }> };

type ConflictProps = {
  conflict: Conflict | undefined;
  onClose: () => void;
  onSave: (request: EditRecord) => void;
  onTheirs: (record: RecordDetail) => void;
};

export function ConflictDialog({ conflict, ...rest }: ConflictProps) {
  return (
    <Modal
      opened={conflict !== undefined}
      onClose={rest.onClose}
      title="Someone else changed this record in the meantime"
      size={820}
    >
      {conflict && <ConflictBody conflict={conflict} {...rest} />}
    </Modal>
  );
}

function ConflictBody({ conflict, onClose, onSave, onTheirs }: ConflictProps & { conflict: Conflict }) {
  const { request, outcome } = conflict;
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const open = outcome.conflicts.filter((item) => choices[item.path] === undefined).length;
  const finish = () => {
    const resolved = resolvedRequest(request, outcome.conflicts, choices);
    if (resolved.changes.length === 0) onTheirs(outcome.record);
    else onSave(resolved);
  };
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {count(outcome.conflicts.length, "field")} changed on both sides. Choose which value to keep. Nothing
        is saved until then.
      </Text>
      <div className={classes.conflict}>
        <div className={classes.conflictHead}>
          <span>Field</span>
          <span>Before</span>
          <span>Mine</span>
          <span>Theirs</span>
        </div>
        {outcome.conflicts.map((item) => (
          <ConflictLine
            key={item.path}
            conflict={item}
            choice={choices[item.path]}
            onChoose={(choice) => setChoices({ ...choices, [item.path]: choice })}
          />
        ))}
      </div>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Keep editing
        </Button>
        <Button disabled={open > 0} onClick={finish}>
          {open > 0 ? `${count(open, "choice")} left` : "Save these choices"}
        </Button>
      </Group>
    </Stack>
  );
}

type LineProps = { conflict: FieldConflict; choice: Choice | undefined; onChoose: (choice: Choice) => void };

function ConflictLine({ conflict, choice, onChoose }: LineProps) {
  const title = fieldTitle(conflict.path);
  return (
    <div className={classes.conflictLine} role="radiogroup" aria-label={title}>
      <strong>{title}</strong>
      <span className="dim">
        <Shown value={conflict.before} />
      </span>
      <Radio
        name={conflict.path}
        checked={choice === "mine"}
        onChange={() => onChoose("mine")}
        label={<Shown value={conflict.mine} />}
        aria-label={`Keep mine for ${title}`}
      />
      <Radio
        name={conflict.path}
        checked={choice === "theirs"}
        onChange={() => onChoose("theirs")}
        label={<Shown value={conflict.theirs} />}
        aria-label={`Keep theirs for ${title}`}
      />
    </div>
  );
}

function Shown({ value }: { value: Ext | undefined }) {
  return value === undefined ? <em className="faint">not set</em> : <ValueText value={value} />;
}
