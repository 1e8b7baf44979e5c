/** The draft of the open record: validated while it is typed, kept when the person looks elsewhere, saved as a patch. */
import { useDebouncedValue } from "@mantine/hooks";
import { useCallback, useEffect, useState } from "react";
import type { Ext, ExtObject, RecordDetail, Violation } from "@/ipc";
import { queryClient, useCall } from "@/shared/data/queries";
import { changesOf, type Draft, draftOf, rebased } from "@/shared/form";
import { keyText, sameValue } from "@/shared/value/model";
import { dropDraft, keepDraft, takeDraft } from "./drafts";
import { useSave } from "./useSave";

export function useRecordDraft(collection: string, key: Ext, detail: RecordDetail, readOnly: boolean) {
  const name = `${collection} ${keyText(key)}`;
  const document = detail.document as ExtObject;
  const [draft, setState] = useState<Draft>(() => takeDraft(name) ?? draftOf(document));
  const [seen, setSeen] = useState(document);
  const isClean = changesOf(draft).length === 0;
  if (seen !== document) {
    setSeen(document);
    if (isClean) setState(draftOf(document));
  }

  const setDraft = useCallback(
    (next: Draft) => {
      setState(next);
      if (changesOf(next).length > 0) keepDraft(name, next);
      else dropDraft(name);
    },
    [name],
  );
  const onSaved = useCallback(
    (record: RecordDetail) => {
      queryClient.setQueryData(["records.get", { collection, key }], record);
      setDraft(draftOf(record.document as ExtObject));
    },
    [collection, key, setDraft],
  );
  const { save: send, saving, dialogs } = useSave(onSaved);
  const save = () => {
    const changes = changesOf(draft);
    if (changes.length > 0 && !readOnly) void send({ collection, key, changes, allowInvalid: false });
  };

  return {
    draft,
    setDraft,
    violations: useLiveViolations(collection, draft, isClean, detail.violations),
    save,
    saving,
    dialogs,
    reset: () => setDraft(draftOf(document)),
    movedOn: !isClean && !sameValue(draft.original, document),
    takeNewer: () => setDraft(rebased(draft, document)),
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
