/** The draft of the open record: validated while it is typed, kept when the person looks elsewhere, saved as a patch. */
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Ext, ExtObject, RecordDetail, Violation } from "@/ipc";
import { queryClient, useCall } from "@/shared/data/queries";
import { changesOf, type Draft, draftOf, rebased } from "@/shared/form";
import { sameValue } from "@/shared/value/model";
import { type Choices, conflictsOf, mergedDraft } from "./conflict.model";
import { draftAt, dropDraft, keepDraft, useDraft } from "./drafts";
import { useSave } from "./useSave";

type Place = { address: string; collection: string; key: Ext; title: string };

export function useRecordDraft(
  { address, collection, key, title }: Place,
  detail: RecordDetail,
  readOnly: boolean,
) {
  const document = detail.document as ExtObject;
  const untouched = useMemo(() => draftOf(document), [document]);
  const draft = useDraft(address, collection, key) ?? untouched;
  const isClean = changesOf(draft).length === 0;

  const setDraft = useCallback(
    (next: Draft) => {
      if (changesOf(next).length > 0) keepDraft({ address, collection, key, title, draft: next });
      else dropDraft(address, collection, key);
    },
    [address, collection, key, title],
  );
  const sent = useRef<Draft>(undefined);
  const onSaved = useCallback(
    (record: RecordDetail) => {
      queryClient.setQueryData(["records.get", { collection, key }], record);
      const latest = draftAt(address, collection, key);
      if (!latest) return;
      // What was typed while the save ran is not in it: it stays, on top of what was saved.
      const typed = { original: (sent.current ?? latest).current, current: latest.current };
      setDraft(rebased(typed, record.document as ExtObject));
    },
    [address, collection, key, setDraft],
  );
  const { save: send, saving, dialogs } = useSave(onSaved);
  const save = () => {
    const changes = changesOf(draft);
    if (changes.length === 0 || readOnly || saving) return;
    sent.current = draft;
    void send({ collection, key, changes, allowInvalid: false });
  };

  return {
    draft,
    setDraft,
    violations: useLiveViolations(collection, draft, isClean, detail.violations),
    save,
    saving,
    dialogs,
    reset: () => dropDraft(address, collection, key),
    movedOn: !isClean && !saving && !sameValue(draft.original, document),
    conflicts: conflictsOf(draft, document),
    takeNewer: (choices: Choices) => setDraft(mergedDraft(draft, document, choices)),
  };
}

function useLiveViolations(
  collection: string,
  draft: Draft,
  isClean: boolean,
  known: Violation[],
): Violation[] {
  const [document] = useDebouncedValue(draft.current, 200);
  const [last, setLast] = useState(known);
  const answer = useCall("records.validate", { collection, document }, { enabled: !isClean, keep: true });
  useEffect(() => {
    if (!isClean && answer.data) setLast(answer.data.violations);
  }, [isClean, answer.data]);
  return isClean ? known : last;
}
