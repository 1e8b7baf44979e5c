/** One record: as a form, as JSON, and how it came to be. Saving is explicit; what was typed is never lost on the way. */
import { ActionIcon, Alert, Button, SegmentedControl } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowsMaximize,
  IconArrowsMinimize,
  IconDeviceFloppy,
  IconTrash,
  IconX,
} from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { CollectionInfo, Ext, ExtObject, RecordDetail } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { changesOf, RecordForm } from "@/shared/form";
import { JsonEditor } from "@/shared/json/JsonEditor";
import type { RecordTab } from "@/shared/nav";
import { type FieldSpec, guessedSpec } from "@/shared/schema/model";
import { Loaded, StateMark } from "@/shared/ui";
import { keyText, plainText } from "@/shared/value/model";
import { count } from "@/shared/words/words";
import { BulkDialog, type BulkRequest } from "./BulkDialog";
import { ConflictDialog } from "./ConflictDialog";
import classes from "./panel.module.css";
import { RecordHistoryTab } from "./RecordHistoryTab";
import { useRecordDraft } from "./useRecordDraft";
import { useRecordsSearch } from "./useRecordsSearch";

type PanelProps = {
  /** Address of the workspace. */
  address: string;
  collection: CollectionInfo;
  recordKey: Ext;
  specs: FieldSpec[];
  readOnly: boolean;
};

export function RecordPanel(props: PanelProps) {
  const { collection, recordKey } = props;
  const detail = useCall("records.get", { collection: collection.name, key: recordKey });
  const { change } = useRecordsSearch();
  const panel = useFocusHere();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isPlainField(event.target)) return;
    event.preventDefault();
    change({ open: undefined, tab: undefined, full: undefined });
  };
  return (
    <aside
      ref={panel}
      data-region
      tabIndex={-1}
      className={classes.panel}
      aria-label={`Record ${keyText(recordKey)}`}
      onKeyDown={onKeyDown}
    >
      {detail.data ? (
        <PanelBody {...props} detail={detail.data} />
      ) : (
        <>
          <PanelHead title={keyText(recordKey)} />
          <Loaded query={detail}>{() => null}</Loaded>
        </>
      )}
    </aside>
  );
}

/** Takes the focus when a record is opened and gives it back to the grid when it is closed. */
function useFocusHere() {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const here = panel.current;
    here?.focus({ preventScroll: true });
    return () => {
      const active = document.activeElement;
      if (active !== document.body && !here?.contains(active)) return;
      document.querySelector<HTMLElement>('[role="grid"]')?.focus({ preventScroll: true });
    };
  }, []);
  return panel;
}

/** A field that has no list open and no use of its own for Escape. What was typed there is kept as a draft. */
function isPlainField(target: EventTarget): boolean {
  if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return false;
  return target.getAttribute("aria-expanded") !== "true";
}

function PanelHead({ title, id, children }: { title: string; id?: string; children?: ReactNode }) {
  const { search, change } = useRecordsSearch();
  const close = () => change({ open: undefined, tab: undefined, full: undefined });
  useCommands([
    { id: "record.close", title: "Close the record", group: "Record", shortcut: "escape", run: close },
    {
      id: "record.full",
      title: search.full ? "Show the record beside the grid" : "Show the record on the whole page",
      group: "Record",
      shortcut: "mod+shift+enter",
      run: () => change({ full: search.full ? undefined : true }),
    },
  ]);
  return (
    <header className={classes.head}>
      <div className={classes.heading}>
        <h2 className={classes.title} title={title}>
          {title}
        </h2>
        {id && <div className="mono faint">{id}</div>}
      </div>
      {children}
      <ActionIcon
        aria-label={search.full ? "Beside the grid" : "Whole page"}
        onClick={() => change({ full: search.full ? undefined : true })}
      >
        {search.full ? <IconArrowsMinimize size={15} /> : <IconArrowsMaximize size={15} />}
      </ActionIcon>
      <ActionIcon aria-label="Close the record" onClick={close}>
        <IconX size={16} />
      </ActionIcon>
    </header>
  );
}

function PanelBody({
  address,
  collection,
  recordKey,
  specs,
  readOnly,
  detail,
}: PanelProps & { detail: RecordDetail }) {
  const { search, change } = useRecordsSearch();
  const [bulk, setBulk] = useState<BulkRequest>();
  const [jsonBroken, setJsonBroken] = useState(false);
  const saved = detail.document as ExtObject;
  const edit = useRecordDraft(
    {
      address,
      collection: collection.name,
      key: recordKey,
      title: collection.titleField ? plainText(saved[collection.titleField]) : "",
    },
    detail,
    readOnly,
  );
  const [merging, setMerging] = useState(false);
  const { draft, violations } = edit;
  const changes = changesOf(draft);
  const tab = search.tab ?? "form";
  const shown =
    specs.length > 0
      ? specs
      : Object.keys(draft.current).map((name) => guessedSpec(name, draft.current[name]));
  const title = collection.titleField ? plainText(draft.current[collection.titleField]) : "";
  useCommands([
    {
      id: "record.save",
      title: "Save the record",
      group: "Record",
      shortcut: "mod+s",
      whileTyping: true,
      run: edit.save,
    },
    { id: "record.form", title: "Record as form", group: "Record", run: () => change({ tab: "form" }) },
    { id: "record.json", title: "Record as JSON", group: "Record", run: () => change({ tab: "json" }) },
    {
      id: "record.history",
      title: "History of the record",
      group: "Record",
      run: () => change({ tab: "history" }),
    },
  ]);

  return (
    <>
      <PanelHead title={title || keyText(recordKey)} {...(title ? { id: keyText(recordKey) } : {})}>
        {!readOnly && (
          <ActionIcon
            aria-label="Delete the record"
            onClick={() =>
              setBulk({
                collection: collection.name,
                selection: { by: "keys", keys: [recordKey] },
                change: { action: "delete" },
                title: `Delete ${title || keyText(recordKey)}`,
              })
            }
          >
            <IconTrash size={15} />
          </ActionIcon>
        )}
      </PanelHead>
      <div className={classes.tabs}>
        <SegmentedControl
          aria-label="How the record is shown"
          value={tab}
          onChange={(next) => change({ tab: next as RecordTab }, true)}
          data={[
            { value: "form", label: "Form" },
            { value: "json", label: "JSON" },
            { value: "history", label: "History" },
          ]}
        />
        <span className={classes.state}>
          {violations.length === 0 ? (
            <StateMark tone="good">valid</StateMark>
          ) : (
            <StateMark tone="bad">{count(violations.length, "rule")} broken</StateMark>
          )}
        </span>
      </div>
      {edit.movedOn && (
        <Alert
          color="yellow"
          variant="light"
          className={classes.alert ?? ""}
          title="This record was changed in the meantime"
        >
          {edit.conflicts.length === 0 ? (
            <Button variant="default" size="compact-xs" onClick={() => edit.takeNewer({})}>
              Apply my changes to the new version
            </Button>
          ) : (
            <Button variant="default" size="compact-xs" onClick={() => setMerging(true)}>
              Compare {count(edit.conflicts.length, "field")}…
            </Button>
          )}
        </Alert>
      )}
      <div className={classes.content}>
        {tab === "form" && (
          <RecordForm
            draft={draft}
            specs={shown}
            violations={violations}
            fixed={[collection.keyField, "_id"]}
            readOnly={readOnly}
            onDraft={edit.setDraft}
          />
        )}
        {tab === "json" && (
          <JsonTab
            document={draft.current}
            violations={violations}
            readOnly={readOnly}
            onBroken={setJsonBroken}
            onDocument={(document) => edit.setDraft({ ...draft, current: document })}
          />
        )}
        {tab === "history" && (
          <RecordHistoryTab collection={collection.name} recordKey={recordKey} readOnly={readOnly} />
        )}
      </div>
      {!readOnly && tab !== "history" && (
        <footer className={classes.foot}>
          <span className={classes.unsaved} role="status">
            {changes.length === 0 ? "No unsaved changes" : `${count(changes.length, "unsaved change")}`}
          </span>
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconArrowBackUp size={14} />}
            disabled={changes.length === 0}
            onClick={edit.reset}
          >
            Discard changes
          </Button>
          <Button
            leftSection={<IconDeviceFloppy size={14} />}
            disabled={changes.length === 0 || (tab === "json" && jsonBroken)}
            loading={edit.saving}
            onClick={edit.save}
          >
            Save
          </Button>
        </footer>
      )}
      {edit.dialogs}
      <ConflictDialog
        conflicts={merging && edit.conflicts.length > 0 ? edit.conflicts : undefined}
        action="Use these choices"
        onClose={() => setMerging(false)}
        onChosen={(choices) => {
          setMerging(false);
          edit.takeNewer(choices);
        }}
      />
      <BulkDialog
        request={bulk}
        specs={specs}
        onClose={() => setBulk(undefined)}
        onDone={() => change({ open: undefined, tab: undefined, full: undefined })}
      />
    </>
  );
}

type JsonProps = {
  document: ExtObject;
  violations: RecordDetail["violations"];
  readOnly: boolean;
  onBroken: (broken: boolean) => void;
  onDocument: (document: ExtObject) => void;
};

function JsonTab({ document, violations, readOnly, onBroken, onDocument }: JsonProps) {
  const [text, setText] = useState(() => JSON.stringify(document, null, 2));
  const [written, setWritten] = useState(document);
  if (written !== document) {
    setWritten(document);
    setText(JSON.stringify(document, null, 2));
  }
  return (
    <JsonEditor
      label="Record as JSON"
      text={text}
      readOnly={readOnly}
      violations={violations}
      onChange={(next) => {
        if (next === text) return;
        const parsed = objectOf(next);
        onBroken(parsed === undefined);
        if (!parsed) return;
        setText(next);
        setWritten(parsed);
        onDocument(parsed);
      }}
    />
  );
}

function objectOf(text: string): ExtObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as ExtObject)
      : undefined;
  } catch {
    return undefined;
  }
}
