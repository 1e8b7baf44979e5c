/** One row: as it came, what is wrong with it, and a form or JSON to put it right. */
import { ActionIcon, Button, SegmentedControl } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconDeviceFloppy, IconRefresh, IconTrash, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, call, type ExtObject, type QuarantineEntry, type Violation } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { queryClient, useCall } from "@/shared/data/queries";
import { useSchema } from "@/shared/data/workspace";
import { changesOf, type Draft, draftOf, RecordForm } from "@/shared/form";
import { JsonEditor } from "@/shared/json/JsonEditor";
import { useGo } from "@/shared/nav";
import { guessedSpec, specsOf } from "@/shared/schema/model";
import { Loaded, StateMark, showError, Timestamp } from "@/shared/ui";
import { ViolationList } from "@/shared/value/DiffList";
import { pointerToPath } from "@/shared/value/path";
import { count, number } from "@/shared/words/words";
import type { useQuarantineActions } from "./actions";
import { editable, entryTitle, isConfirmable, isKeyTaken, rawText } from "./model";
import classes from "./quarantine.module.css";
import { RecordLink } from "./RecordLink";
import { tellEdited } from "./tell";

type PanelProps = {
  id: string;
  readOnly: boolean;
  actions: ReturnType<typeof useQuarantineActions>;
  onClose: () => void;
  /** The row was imported: goes to the next one, if there is one. */
  onImported: () => void;
};

export function EntryPanel(props: PanelProps) {
  const entry = useCall("quarantine.get", { id: props.id });
  return (
    <aside className={classes.panel} aria-label="Quarantined row">
      <Loaded query={entry}>{(data) => <EntryBody {...props} entry={data} />}</Loaded>
    </aside>
  );
}

function useEntryDraft(entry: QuarantineEntry, readOnly: boolean) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(editable(entry)));
  const [saving, setSaving] = useState(false);
  const [document] = useDebouncedValue(draft.current, 200);
  const waiting = entry.status === "waiting";
  const isEdited = changesOf(draft).length > 0 || entry.document === undefined;
  const live = useCall(
    "quarantine.validate",
    { id: entry.id, document },
    { enabled: waiting && isEdited, keep: true },
  );
  const violations: Violation[] = isEdited ? (live.data?.violations ?? entry.errors) : entry.errors;

  /** Answers what the row is then. `set`: JSON Pointers of values that are right as they are. */
  const save = async (set: string[] = [], release = false): Promise<QuarantineEntry | undefined> => {
    if (readOnly || !waiting) return undefined;
    if (changesOf(draft).length === 0 && set.length === 0) return entry;
    setSaving(true);
    try {
      const edited = await call("quarantine.edit", { id: entry.id, document: draft.current, set, release });
      queryClient.setQueryData(["quarantine.get", { id: entry.id }], edited.entry);
      setDraft(draftOf(editable(edited.entry)));
      tellEdited(edited);
      return edited.entry;
    } catch (thrown) {
      showError(asApiError(thrown));
      return undefined;
    } finally {
      setSaving(false);
    }
  };
  return { draft, setDraft, violations, save, saving, isEdited: changesOf(draft).length > 0 };
}

function EntryBody({
  entry,
  readOnly,
  actions,
  onClose,
  onImported,
}: PanelProps & { entry: QuarantineEntry }) {
  const [tab, setTab] = useState("form");
  const schema = useSchema(entry.schema);
  const edit = useEntryDraft(entry, readOnly);
  const specs = specsOf(schema);
  const shown =
    specs.length > 0
      ? specs
      : Object.keys(edit.draft.current).map((name) => guessedSpec(name, edit.draft.current[name]));
  const waiting = entry.status === "waiting";
  const retry = async () => {
    if (!edit.isEdited) {
      actions.retry({ by: "ids", ids: [entry.id] }, false, onImported);
      return;
    }
    const saved = await edit.save([], true);
    if (saved?.status === "released") onImported();
  };
  const saveOnly = async () => {
    if (edit.isEdited) await edit.save();
  };
  useCommands([
    {
      id: "entry.save",
      title: "Save the row",
      group: "Quarantine",
      shortcut: "mod+s",
      whileTyping: true,
      run: () => void saveOnly(),
    },
    {
      id: "entry.retry",
      title: "Save the row and retry",
      group: "Quarantine",
      shortcut: "mod+enter",
      whileTyping: true,
      run: () => void retry(),
    },
    { id: "entry.close", title: "Close the row", group: "Quarantine", shortcut: "escape", run: onClose },
  ]);
  return (
    <>
      <EntryHead entry={entry} onClose={onClose} />
      <div className={classes.errors}>
        {edit.violations.length === 0 ? (
          <StateMark tone="good">No problems left. Save and retry to import the row.</StateMark>
        ) : (
          <ViolationList
            violations={edit.violations}
            action={(violation) =>
              !readOnly &&
              waiting &&
              isConfirmable(violation) && (
                <Button
                  variant="light"
                  size="compact-xs"
                  disabled={edit.saving}
                  aria-label={`Keep ${pointerToPath(violation.pointer)} as it is`}
                  onClick={() => void edit.save([violation.pointer])}
                >
                  Keep as it is
                </Button>
              )
            }
          />
        )}
      </div>
      <div className={classes.tabs}>
        <SegmentedControl
          aria-label="How the row is shown"
          value={tab}
          onChange={setTab}
          data={[
            { value: "form", label: "Form" },
            { value: "json", label: "JSON" },
            { value: "raw", label: "Original" },
          ]}
        />
      </div>
      <div className={classes.content}>
        {tab === "form" && (
          <RecordForm
            draft={edit.draft}
            specs={shown}
            violations={edit.violations}
            readOnly={readOnly || !waiting}
            onDraft={edit.setDraft}
          />
        )}
        {tab === "json" && (
          <EntryJson
            document={edit.draft.current}
            violations={edit.violations}
            readOnly={readOnly || !waiting}
            onDocument={(current) => edit.setDraft({ ...edit.draft, current })}
          />
        )}
        {tab === "raw" && <pre className={classes.raw}>{rawText(entry)}</pre>}
      </div>
      {!readOnly && (
        <EntryFoot
          entry={entry}
          actions={actions}
          edited={edit.isEdited}
          saving={edit.saving}
          onSave={() => void saveOnly()}
          onRetry={() => void retry()}
        />
      )}
    </>
  );
}

function EntryHead({ entry, onClose }: { entry: QuarantineEntry; onClose: () => void }) {
  const go = useGo();
  return (
    <header className={classes.head}>
      <div className={classes.heading}>
        <h2 className={classes.title}>{entryTitle(entry)}</h2>
        <div className="faint">
          <button type="button" className={classes.link} onClick={() => go.run(entry.runId)}>
            {entry.sourceFile}
          </button>
          , row {number(entry.rowNumber)}, byte {number(entry.byteOffset)} ·{" "}
          <Timestamp at={entry.quarantinedAt} />
        </div>
      </div>
      <ActionIcon aria-label="Close the row" onClick={onClose}>
        <IconX size={16} />
      </ActionIcon>
    </header>
  );
}

type FootProps = {
  entry: QuarantineEntry;
  actions: ReturnType<typeof useQuarantineActions>;
  edited: boolean;
  saving: boolean;
  onSave: () => void;
  onRetry: () => void;
};

function EntryFoot({ entry, actions, edited, saving, onSave, onRetry }: FootProps) {
  if (entry.status === "released") {
    return (
      <footer className={classes.foot}>
        <StateMark tone="good">This row was imported after correction</StateMark>
        <span className={classes.spring} />
        <RecordLink entry={entry} />
      </footer>
    );
  }
  if (entry.status === "discarded") {
    return (
      <footer className={classes.foot}>
        <span className={classes.footNote}>Discarded: {entry.reason}</span>
        <Button variant="light" onClick={() => actions.restore([entry.id])}>
          Return it to quarantine
        </Button>
      </footer>
    );
  }
  return (
    <footer className={classes.foot}>
      <Button
        variant="subtle"
        color="red"
        leftSection={<IconTrash size={14} />}
        onClick={() => actions.askDiscard({ by: "ids", ids: [entry.id] }, 1)}
      >
        Discard
      </Button>
      <span className={classes.footNote}>
        {edited ? "Unsaved changes" : `${count(entry.errors.length, "rule")} broken`}
      </span>
      <Button
        variant="default"
        leftSection={<IconDeviceFloppy size={14} />}
        disabled={!edited}
        loading={saving}
        onClick={onSave}
      >
        Save
      </Button>
      {!edited && isKeyTaken(entry) && (
        <Button
          variant="default"
          loading={actions.busy}
          title="Give the record with this key the values of this row"
          onClick={() => actions.retry({ by: "ids", ids: [entry.id] }, true)}
        >
          Replace the record
        </Button>
      )}
      <Button leftSection={<IconRefresh size={14} />} loading={actions.busy || saving} onClick={onRetry}>
        {edited ? "Save and retry" : "Retry"}
      </Button>
    </footer>
  );
}

type JsonProps = {
  document: ExtObject;
  violations: Violation[];
  readOnly: boolean;
  onDocument: (document: ExtObject) => void;
};

function EntryJson({ document, violations, readOnly, onDocument }: JsonProps) {
  const [text, setText] = useState(() => JSON.stringify(document, null, 2));
  return (
    <JsonEditor
      label="Row as JSON"
      text={text}
      readOnly={readOnly}
      violations={violations}
      onChange={(next) => {
        setText(next);
        try {
          const parsed: unknown = JSON.parse(next);
          if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed))
            onDocument(parsed as ExtObject);
        } catch {
          // Marked by the editor; the last readable state stays.
        }
      }}
    />
  );
}
