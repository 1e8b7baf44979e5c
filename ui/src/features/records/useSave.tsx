/** Saving a record: what went through is remembered for undo; rules and conflicts in the way are asked about. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useCallback, useState } from "react";
import {
  asApiError,
  call,
  type EditOutcome,
  type EditRecord,
  type RecordDetail,
  type Violation,
} from "@/ipc";
import { showError, showNote } from "@/shared/ui";
import { pendingWrite, rememberChange } from "@/shared/undo/undo";
import { ViolationList } from "@/shared/value/DiffList";
import { sameValue } from "@/shared/value/model";
import { ConflictDialog } from "./ConflictDialog";
import { type Choices, resolvedRequest } from "./conflict.model";

type Trouble =
  | { kind: "conflict"; request: EditRecord; outcome: Extract<EditOutcome, { status: "conflict" }> }
  | { kind: "invalid"; request: EditRecord; violations: Violation[] };

export function useSave(onSaved: (record: RecordDetail) => void, onGivenUp?: () => void) {
  // Saves may overlap: each question waits for its own answer.
  const [troubles, setTroubles] = useState<Trouble[]>([]);
  const [running, setRunning] = useState(0);
  const trouble = troubles[0];

  const save = useCallback(
    async (request: EditRecord, settles?: Trouble) => {
      setRunning((now) => now + 1);
      try {
        const outcome = await pendingWrite(call("records.edit", request));
        const next = troubleOf(request, outcome);
        setTroubles((now) => [...now.filter((other) => other !== settles), ...(next ? [next] : [])]);
        if (outcome.status === "applied") {
          rememberChange(outcome.changeSet);
          onSaved(outcome.record);
        } else if (outcome.status !== "invalid" && (outcome.status === "unchanged" || isAgreed(outcome))) {
          showNote("Nothing to save: the record already has these values.");
          onSaved(outcome.record);
        }
      } catch (thrown) {
        showError(asApiError(thrown));
        onGivenUp?.();
      } finally {
        setRunning((now) => now - 1);
      }
    },
    [onSaved, onGivenUp],
  );

  const settled = (one: Trouble | undefined) => setTroubles((now) => now.filter((other) => other !== one));
  const giveUp = () => {
    settled(trouble);
    onGivenUp?.();
  };
  const conflict = trouble?.kind === "conflict" ? trouble : undefined;
  const resolve = (choices: Choices) => {
    if (!conflict) return;
    const resolved = resolvedRequest(conflict.request, conflict.outcome.conflicts, choices);
    if (resolved.changes.length > 0) void save(resolved, conflict);
    else {
      settled(conflict);
      onSaved(conflict.outcome.record);
    }
  };
  const dialogs = (
    <>
      <InvalidDialog
        trouble={trouble?.kind === "invalid" ? trouble : undefined}
        onClose={giveUp}
        onSave={(request) => void save({ ...request, allowInvalid: true }, trouble)}
      />
      <ConflictDialog
        conflicts={conflict?.outcome.conflicts}
        action="Save these choices"
        onClose={giveUp}
        onChosen={resolve}
      />
    </>
  );
  return { save, saving: running > 0, dialogs };
}

/** Both sides wrote the same values: there is nothing to choose. */
function isAgreed(outcome: EditOutcome): boolean {
  return (
    outcome.status === "conflict" && outcome.conflicts.every((item) => sameValue(item.mine, item.theirs))
  );
}

function troubleOf(request: EditRecord, outcome: EditOutcome): Trouble | undefined {
  if (isAgreed(outcome)) return undefined;
  if (outcome.status === "conflict") return { kind: "conflict", request, outcome };
  if (outcome.status === "invalid") return { kind: "invalid", request, violations: outcome.violations };
  return undefined;
}

type InvalidProps = {
  trouble: Extract<Trouble, { kind: "invalid" }> | undefined;
  onClose: () => void;
  onSave: (request: EditRecord) => void;
};

function InvalidDialog({ trouble, onClose, onSave }: InvalidProps) {
  return (
    <Modal opened={trouble !== undefined} onClose={onClose} title="This breaks rules of the schema" size="md">
      {trouble && (
        <Stack gap="sm">
          <ViolationList violations={trouble.violations} />
          <Text size="sm" c="dimmed">
            Nothing is saved yet. A record saved with broken rules is marked in the grid until it is
            corrected.
          </Text>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => onSave(trouble.request)}>
              Save anyway
            </Button>
            <Button data-autofocus onClick={onClose}>
              Do not save
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
