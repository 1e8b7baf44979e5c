/** Trying again, setting aside, bringing back: what the bar and the panel share. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { asApiError, call, type QuarantineSelection, type RetryOutcome } from "@/ipc";
import { outcomeOf } from "@/shared/jobs/jobs";
import { showError, showSaved, showWarning } from "@/shared/ui";
import { noteSaved, remember } from "@/shared/undo/undo";
import { count, number } from "@/shared/words/words";

function tellRetry(outcome: RetryOutcome): void {
  const { released, stillWaiting, changeSet } = outcome;
  if (released === 0) {
    showWarning(
      stillWaiting === 1 ? "The row still breaks rules." : "These rows still break rules.",
      `${count(stillWaiting, "row")} ${stillWaiting === 1 ? "stays" : "stay"} in quarantine. Put right what is marked, then try again.`,
    );
    return;
  }
  const rest =
    stillWaiting > 0 ? ` ${number(stillWaiting)} still ${stillWaiting === 1 ? "waits" : "wait"}.` : "";
  const words = `${count(released, "row")} left quarantine and became ${released === 1 ? "a record" : "records"}.${rest}`;
  if (changeSet)
    remember({ changeSet, summary: `Released ${count(released, "row")} from quarantine` }, words);
  else showSaved(words);
}

export function useQuarantineActions(onDone: () => void) {
  const [discarding, setDiscarding] = useState<{ selection: QuarantineSelection; size: number }>();
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    try {
      await work();
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  const retry = (selection: QuarantineSelection) =>
    attempt(async () => {
      const outcome = await outcomeOf(await call("quarantine.retry", { selection }), "retried");
      tellRetry(outcome);
      if (outcome.released > 0) onDone();
    });
  const restore = (ids: string[]) =>
    attempt(async () => {
      const { discarded } = await call("quarantine.restore", { ids });
      noteSaved();
      showSaved(`${count(discarded, "row")} ${discarded === 1 ? "waits" : "wait"} in quarantine again.`);
      onDone();
    });
  const discard = (selection: QuarantineSelection, reason: string) =>
    attempt(async () => {
      const { discarded, ids } = await call("quarantine.discard", { selection, reason });
      noteSaved();
      setDiscarding(undefined);
      showSaved(
        `${count(discarded, "row")} discarded.`,
        ids.length > 0 ? () => void restore(ids) : undefined,
      );
      onDone();
    });

  const dialog = (
    <DiscardDialog
      size={discarding?.size}
      busy={busy}
      onClose={() => setDiscarding(undefined)}
      onDiscard={(reason) => discarding && void discard(discarding.selection, reason)}
    />
  );
  return {
    busy,
    retry: (selection: QuarantineSelection) => void retry(selection),
    restore: (ids: string[]) => void restore(ids),
    askDiscard: (selection: QuarantineSelection, size: number) => setDiscarding({ selection, size }),
    dialog,
  };
}

type DiscardProps = {
  size: number | undefined;
  busy: boolean;
  onClose: () => void;
  onDiscard: (reason: string) => void;
};

function DiscardDialog({ size, busy, onClose, onDiscard }: DiscardProps) {
  const [reason, setReason] = useState("");
  const words = count(size ?? 0, "row");
  return (
    <Modal opened={size !== undefined} onClose={onClose} title={`Discard ${words}?`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (reason.trim() !== "") onDiscard(reason.trim());
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            Discarded rows are set aside and will not be tried again. They stay in the list of discarded rows
            and can be brought back.
          </Text>
          <TextInput
            label="Reason"
            description="Kept with the rows"
            value={reason}
            data-autofocus
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" color="red" loading={busy} disabled={reason.trim() === ""}>
              Discard {words}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
