/** What this workspace takes, how long imports can be undone, and giving back what is free. */
import { Alert, Button, Group, NumberInput } from "@mantine/core";
import { useState } from "react";
import { type ApiError, asApiError, call, type Space } from "@/ipc";
import { useAction, useCall } from "@/shared/data/queries";
import { ConfirmDialog, Loaded, Panel, showError, showSaved } from "@/shared/ui";
import { bytes, count, percent } from "@/shared/words/words";
import classes from "./settings.module.css";

export function SpacePanel({ readOnly }: { readOnly: boolean }) {
  const space = useCall("workspace.space", {});
  return (
    <Panel title="Storage" actions={<Compact readOnly={readOnly} space={space.data} />}>
      <Loaded query={space} rows={3}>
        {(now) => (
          <>
            <dl className={classes.facts}>
              <dt>On disk</dt>
              <dd>{now.bytes === undefined ? "Not reported by the server" : sizeText(now)}</dd>
            </dl>
            <Retention key={`${now.days}/${now.records}`} now={now} readOnly={readOnly} />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function sizeText({ bytes: all = 0, free = 0 }: Space): string {
  const size = bytes(all);
  if (free === 0 || all === 0) return size;
  const share = percent(free / all);
  return free * 2 > all
    ? `${size}, of which ${share} is free. Compact the workspace to free it.`
    : `${size}, of which ${share} is free for new records`;
}

function Compact({ readOnly, space }: { readOnly: boolean; space: Space | undefined }) {
  const compact = useAction("workspace.compact");
  const before = space?.bytes;
  const done = (now: Space) => {
    const saved = before !== undefined && now.bytes !== undefined ? before - now.bytes : 0;
    showSaved(saved > 0 ? `${bytes(saved)} freed on disk.` : "There was no space to free.");
  };
  return (
    <Button
      variant="default"
      disabled={readOnly}
      loading={compact.isPending}
      onClick={() => compact.mutate({}, { onSuccess: done, onError: showError })}
    >
      Compact
    </Button>
  );
}

/** Lower limits end the undo of imports at once, so they are asked about. */
function Retention({ now, readOnly }: { now: Space; readOnly: boolean }) {
  const [days, setDays] = useState<number | string>(now.days);
  const [records, setRecords] = useState<number | string>(now.records);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<ApiError>();
  const changed = days !== now.days || records !== now.records;
  const valid = typeof days === "number" && typeof records === "number";
  const lower = valid && (days < now.days || records < now.records);
  const save = async () => {
    if (!valid) return;
    try {
      const { discarded } = await call("workspace.setSpace", { days, records });
      setAsking(false);
      showSaved(discarded > 0 ? `Saved. ${count(discarded, "import")} can no longer be undone.` : "Saved.");
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <form
      className={classes.padded}
      onSubmit={(event) => {
        event.preventDefault();
        setError(undefined);
        if (lower) setAsking(true);
        else void save();
      }}
    >
      <Group align="flex-end" gap="sm" wrap="wrap">
        <NumberInput
          label="Imports can be undone for (days)"
          value={days}
          onChange={setDays}
          min={0}
          allowDecimal={false}
          disabled={readOnly}
          w={200}
        />
        <NumberInput
          label="Records kept for undo, at most"
          value={records}
          onChange={setRecords}
          min={0}
          allowDecimal={false}
          thousandSeparator=","
          disabled={readOnly}
          w={200}
        />
        <Button type="submit" disabled={readOnly || !changed || !valid}>
          Save
        </Button>
      </Group>
      {error && !asking && <Alert color="red" mt="sm">{`${error.message} ${error.hint ?? ""}`}</Alert>}
      <ConfirmDialog
        opened={asking}
        title="Keep less for undoing imports?"
        action="Keep less"
        destructive
        error={error ?? null}
        onClose={() => setAsking(false)}
        onConfirm={() => void save()}
      >
        Imports beyond the new limits can no longer be undone. Their records are not affected.
      </ConfirmDialog>
    </form>
  );
}
