/** Someone else changed the same fields: mine, theirs and before, with a choice for each field. */
import { Button, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Ext, FieldConflict } from "@/ipc";
import { ValueText } from "@/shared/value/ValueText";
import { count, fieldTitle } from "@/shared/words/words";
import type { Choice, Choices } from "./conflict.model";
import classes from "./records.module.css";

type ConflictProps = {
  conflicts: FieldConflict[] | undefined;
  /** What the button says once all is chosen. */
  action: string;
  onClose: () => void;
  onChosen: (choices: Choices) => void;
};

export function ConflictDialog({ conflicts, ...rest }: ConflictProps) {
  return (
    <Modal
      opened={conflicts !== undefined}
      onClose={rest.onClose}
      title="Someone else changed this record in the meantime"
      size={820}
    >
      {conflicts && <ConflictBody conflicts={conflicts} {...rest} />}
    </Modal>
  );
}

type BodyProps = ConflictProps & { conflicts: FieldConflict[] };

function ConflictBody({ conflicts, action, onClose, onChosen }: BodyProps) {
  const [choices, setChoices] = useState<Choices>({});
  const open = conflicts.filter((item) => choices[item.path] === undefined).length;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {count(conflicts.length, "field")} changed on both sides. Choose which value to keep. Nothing is saved
        until then.
      </Text>
      <div className={classes.conflict}>
        <div className={classes.conflictHead}>
          <span>Field</span>
          <span>Before</span>
          <span>Mine</span>
          <span>Theirs</span>
        </div>
        {conflicts.map((item) => (
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
        <Button disabled={open > 0} onClick={() => onChosen(choices)}>
          {open > 0 ? `${count(open, "choice")} left` : action}
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
