/** Trying again, setting aside, bringing back: what the bar and the panel share. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { asApiError, call, type QuarantineSelection } from "@/ipc";
import { outcomeOf } from "@/shared/jobs/jobs";
import { showError } from "@/shared/ui";
import { rememberAll } from "@/shared/undo/undo";
import { count } from "@/shared/words/words";
import { FixDialog } from "./FixDialog";
import type { FixRequest } from "./model";
import { tellRetry } from "./tell";

export function useQuarantineActions(onDone: () => void) {
  const [discarding, setDiscarding] = useState<{ selection: QuarantineSelection; size: number }>();
  const [fixing, setFixing] = useState<FixRequest>();
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
  const retry = (selection: QuarantineSelection, replace = false, onImported?: () => void) =>
    attempt(async () => {
      const outcome = await outcomeOf(await call("quarantine.retry", { selection, replace }), "retried");
      tellRetry(outcome);
      if (outcome.released === 0) return;
      onDone();
      onImported?.();
    });
  const restore = (ids: string[]) =>
    attempt(async () => {
      const { discarded, changeSets } = await call("quarantine.restore", { ids });
      const rows = count(discarded, "row");
      rememberAll(
        changeSets,
        `Returned ${rows} to quarantine`,
        `${rows} ${discarded === 1 ? "is" : "are"} in quarantine again.`,
      );
      onDone();
    });
  const discard = (selection: QuarantineSelection, reason: string) =>
    attempt(async () => {
      const { discarded, changeSets } = await call("quarantine.discard", { selection, reason });
      setDiscarding(undefined);
      const rows = count(discarded, "row");
      rememberAll(changeSets, `Discarded ${rows}`, `${rows} discarded.`);
      onDone();
    });

  const dialog = (
    <>
      <DiscardDialog
        size={discarding?.size}
        busy={busy}
        onClose={() => setDiscarding(undefined)}
        onDiscard={(reason) => discarding && void discard(discarding.selection, reason)}
      />
      {fixing && (
        <FixDialog
          request={fixing}
          onClose={() => setFixing(undefined)}
          onDone={() => {
            setFixing(undefined);
            onDone();
          }}
        />
      )}
    </>
  );
  return {
    busy,
    retry: (selection: QuarantineSelection, replace?: boolean, onImported?: () => void) =>
      void retry(selection, replace, onImported),
    restore: (ids: string[]) => void restore(ids),
    askDiscard: (selection: QuarantineSelection, size: number) => setDiscarding({ selection, size }),
    fix: setFixing,
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
            Discarded rows are not imported. They stay in the list of discarded rows, and you can return them
            to quarantine.
          </Text>
          <TextInput
            label="Reason"
            description="Stored with the rows"
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
