/** A new record, checked while it is filled in. What was typed is kept as a draft until it is added or discarded. */
import { Button, Group, Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { asApiError, type CollectionInfo, call, type Violation } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { type Draft, draftOf, RecordForm } from "@/shared/form";
import { type FieldSpec, guessedSpec } from "@/shared/schema/model";
import { showError } from "@/shared/ui";
import { rememberChange } from "@/shared/undo/undo";
import { draftAt, dropDraft, keepDraft } from "./drafts";
import classes from "./panel.module.css";
import { useRecordsSearch } from "./useRecordsSearch";

type NewProps = {
  opened: boolean;
  onClose: () => void;
  /** Address of the workspace. */
  address: string;
  collection: CollectionInfo;
  specs: FieldSpec[];
};

export function NewRecord(props: NewProps) {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title={`Add a record to ${props.collection.name}`}
      size="lg"
    >
      {props.opened && <NewBody {...props} />}
    </Modal>
  );
}

function NewBody({ onClose, address, collection, specs }: NewProps) {
  const { change } = useRecordsSearch();
  const [draft, setState] = useState<Draft>(() => draftAt(address, collection.name) ?? draftOf({}));
  const setDraft = (next: Draft) => {
    setState(next);
    if (Object.keys(next.current).length === 0) dropDraft(address, collection.name);
    else keepDraft({ address, collection: collection.name, title: "", draft: next });
  };
  const [refused, setRefused] = useState<Violation[]>();
  const [busy, setBusy] = useState(false);
  const [document] = useDebouncedValue(draft.current, 250);
  const isEmpty = Object.keys(draft.current).length === 0;
  const live = useCall(
    "records.validate",
    { collection: collection.name, document },
    { enabled: !isEmpty, keep: true },
  );
  const violations = refused ?? touched(live.data?.violations ?? [], draft);
  const fields = specs.length > 0 ? specs : [guessedSpec(collection.keyField, "")];

  const add = async () => {
    setBusy(true);
    try {
      const outcome = await call("records.create", {
        collection: collection.name,
        document: draft.current,
        allowInvalid: false,
      });
      if (outcome.status === "applied") {
        rememberChange(outcome.changeSet);
        dropDraft(address, collection.name);
        change({ open: outcome.record.key, adding: undefined });
      } else if (outcome.status === "invalid") setRefused(outcome.violations);
      else
        showError({
          code: "conflict",
          message: "A record with this key already exists.",
          hint: "Choose another key.",
        });
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className={classes.newForm}>
        <RecordForm
          draft={draft}
          specs={fields}
          violations={violations}
          onDraft={(next) => {
            setRefused(undefined);
            setDraft(next);
          }}
        />
      </div>
      <Group justify="flex-end" mt="sm" gap="xs">
        <Button
          variant="default"
          onClick={() => {
            dropDraft(address, collection.name);
            onClose();
          }}
        >
          {isEmpty ? "Cancel" : "Discard"}
        </Button>
        <Button loading={busy} disabled={isEmpty} onClick={() => void add()}>
          Add the record
        </Button>
      </Group>
    </>
  );
}

/** Fields not reached yet are not complained about while the form is being filled in. */
function touched(violations: Violation[], draft: Draft): Violation[] {
  return violations.filter((violation) => {
    const field = violation.pointer.split("/")[1] ?? "";
    return field in draft.current;
  });
}
