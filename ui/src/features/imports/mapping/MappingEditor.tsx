/** Columns, rules and result side by side; rules as cards or as JSON. */
import { Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconBulb, IconPlus } from "@tabler/icons-react";
import { useRef, useState } from "react";
import type { FileHandle, Mapping, MappingPreview, SourceChoice, Suggestion } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { JsonEditor } from "@/shared/json/JsonEditor";
import { leaves, specsOf } from "@/shared/schema/model";
import { Loading, Panel, Problem } from "@/shared/ui";
import { ColumnList } from "./ColumnList";
import { LeftOver } from "./LeftOver";
import { MappingSettings } from "./MappingSettings";
import classes from "./mapping.module.css";
import {
  begun,
  edited,
  type History,
  moved,
  parsedMapping,
  placeOf,
  problemsAt,
  redone,
  rulesOf,
  suggestedReason,
  undone,
  unfilled,
  unusedColumns,
  withoutRule,
  withRule,
  withRules,
} from "./model";
import { ResultTable } from "./ResultTable";
import { RuleCard } from "./RuleCard";
import { SavedBar } from "./SavedBar";

type EditorProps = {
  files: FileHandle[];
  choices: SourceChoice[];
  schema: string;
  initial: Mapping;
  suggestion: Suggestion | undefined;
  onChange: (mapping: Mapping) => void;
  onBack: (mapping: Mapping) => void;
  onPlan: (mapping: Mapping) => void;
};

const shownRows = 30;

export function MappingEditor(props: EditorProps) {
  const { files, choices, schema, initial, suggestion, onBack, onPlan } = props;
  const [history, setHistory] = useState<History>(() => begun(initial));
  const [open, setOpen] = useState<number>();
  const [file, setFile] = useState(0);
  const readOnly = useWorkspace()?.readOnly ?? false;
  const mapping = history.now;
  const show = (next: History) => {
    setHistory(next);
    props.onChange(next.now);
  };
  const edit = (next: Mapping, typing?: string) => show(edited(history, next, typing));
  const source = { files: files.slice(file, file + 1).map((one) => one.id), choices: [choices[file] ?? {}] };
  const [tried] = useDebouncedValue(mapping, 150);
  const trial = useCall(
    "mappings.preview",
    { ...source, mapping: tried, schema, limit: shownRows },
    { keep: true },
  );
  const profiled = useCall("mappings.profile", source, { keep: true });
  const undo = () => show(undone(history));
  const redo = () => show(redone(history));
  useCommands([
    { id: "mapping.undo", title: "Undo in the mapping", group: "Mapping", shortcut: "mod+z", run: undo },
    {
      id: "mapping.redo",
      title: "Redo in the mapping",
      group: "Mapping",
      shortcut: "mod+shift+z",
      run: redo,
    },
  ]);
  if (profiled.error) return <Problem error={profiled.error} retry={() => void profiled.refetch()} />;
  if (!profiled.data) return <Loading />;
  const columns = profiled.data.profile.columns.map((column) => column.name);
  const unused = unusedColumns(mapping, columns);
  const add = (from: string, to = "") => {
    edit(withRules(mapping, [...rulesOf(mapping), { to: to === "" ? freeName(mapping, from) : to, from }]));
    setOpen(rulesOf(mapping).length);
  };
  return (
    <div className={classes.editor}>
      {files.length > 1 && (
        <Select
          label="Tested on"
          data={files.map((one, at) => ({ value: String(at), label: one.name }))}
          value={String(file)}
          allowDeselect={false}
          w={320}
          onChange={(next) => setFile(Number(next ?? 0))}
        />
      )}
      <div className={classes.panes}>
        <div className={classes.pane}>
          <ColumnList
            profiled={profiled.data}
            unused={new Set(unused.map((one) => one.column))}
            marked={rulesOf(mapping).length > 0}
            onAdd={add}
          />
        </div>
        <div className={classes.pane}>
          <RulesPane
            mapping={mapping}
            schema={schema}
            trial={trial.data}
            suggestion={suggestion}
            columns={columns}
            unused={unused}
            open={open}
            onOpen={setOpen}
            onEdit={edit}
            onAdd={add}
          />
        </div>
        <div className={classes.pane}>
          {trial.error && !trial.data ? (
            <Problem error={trial.error} retry={() => void trial.refetch()} />
          ) : trial.data ? (
            <ResultTable
              trial={trial.data}
              rules={rulesOf(mapping)}
              columns={columns}
              focus={open === undefined ? undefined : rulesOf(mapping)[open]}
              busy={trial.isFetching}
            />
          ) : (
            <Loading />
          )}
        </div>
      </div>
      <Group className={classes.bar ?? ""} justify="space-between">
        <Group gap="xs">
          <Button variant="default" leftSection={<IconArrowLeft size={14} />} onClick={() => onBack(mapping)}>
            Back
          </Button>
          <Button
            variant="default"
            leftSection={<IconArrowBackUp size={14} />}
            disabled={history.past.length === 0}
            onClick={undo}
          >
            Undo
          </Button>
          <Button
            variant="default"
            leftSection={<IconArrowForwardUp size={14} />}
            disabled={history.future.length === 0}
            onClick={redo}
          >
            Redo
          </Button>
          <SavedBar
            mapping={mapping}
            schema={schema}
            readOnly={readOnly}
            onNamed={edit}
            onLoad={(loaded) => {
              setOpen(undefined);
              edit(loaded);
            }}
          />
          {suggestion && (
            <Button
              variant="default"
              leftSection={<IconBulb size={14} />}
              onClick={() => {
                setOpen(undefined);
                edit(suggestion.mapping);
              }}
            >
              As suggested
            </Button>
          )}
        </Group>
        <Button disabled={trial.data?.error !== undefined} onClick={() => onPlan(mapping)}>
          See the plan
        </Button>
      </Group>
    </div>
  );
}

/** A field called like the column, if no rule has that one yet. */
function freeName(mapping: Mapping, column: string): string {
  const name = column
    .trim()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .toLowerCase();
  return rulesOf(mapping).some((rule) => rule.to === name) ? `${name}_2` : name;
}

type PaneProps = {
  mapping: Mapping;
  schema: string;
  trial: MappingPreview | undefined;
  suggestion: Suggestion | undefined;
  columns: string[];
  unused: { column: string; dropped: boolean }[];
  open: number | undefined;
  onOpen: (at: number | undefined) => void;
  onEdit: (mapping: Mapping, typing?: string) => void;
  onAdd: (from: string, to?: string) => void;
};

function RulesPane(props: PaneProps) {
  const { mapping, schema, trial, suggestion, columns, unused, onAdd, onEdit } = props;
  const [view, setView] = useState<"rules" | "json">("rules");
  const detail = useCall("schemas.get", { schema }, { enabled: schema !== "" }).data;
  const specs = leaves(specsOf(detail));
  const fault = trial?.error;
  const inRule = fault && placeOf(fault.pointer).rule !== undefined;
  return (
    <Panel
      title="Rules"
      actions={
        <SegmentedControl
          aria-label="Show the mapping as"
          value={view}
          data={[
            { value: "rules", label: "Rules" },
            { value: "json", label: "JSON" },
          ]}
          onChange={(next) => setView(next as "rules" | "json")}
        />
      }
    >
      {fault && (!inRule || view === "json") && (
        <p className={classes.fault} role="alert">
          {fault.message} {fault.hint}
        </p>
      )}
      {view === "json" ? (
        <MappingJson mapping={mapping} trial={trial} onEdit={onEdit} />
      ) : (
        <>
          <MappingSettings mapping={mapping} onChange={onEdit} />
          <Rules {...props} fields={specs.map((spec) => spec.path)} required={requiredPaths(specs)} />
          <div className={classes.addRule}>
            <Button
              variant="default"
              size="compact-xs"
              leftSection={<IconPlus size={12} />}
              onClick={() => onAdd(unused[0]?.column ?? columns[0] ?? "")}
            >
              Add a rule
            </Button>
          </div>
          <LeftOver
            mapping={mapping}
            unused={unused}
            unfilled={trial ? unfilled(trial.problems, trial.checked) : []}
            questions={suggestion?.questions ?? []}
            onAdd={onAdd}
            onEdit={onEdit}
          />
        </>
      )}
    </Panel>
  );
}

function requiredPaths(specs: { path: string; required: boolean }[]): Set<string> {
  return new Set(specs.filter((spec) => spec.required).map((spec) => spec.path));
}

function Rules(props: PaneProps & { fields: string[]; required: Set<string> }) {
  const { mapping, trial, suggestion, columns, fields, required, open, onOpen, onEdit } = props;
  const rules = rulesOf(mapping);
  const fault = trial?.error;
  const move = (from: number, to: number) => {
    onEdit(withRules(mapping, moved(rules, from, to)));
    if (open === from && to >= 0 && to < rules.length) onOpen(to);
  };
  return (
    <ol className={classes.rules} aria-label="Rules of the mapping">
      {rules.map((rule, at) => (
        <RuleCard
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no other identity than their place
          key={at}
          rule={rule}
          at={at}
          last={at === rules.length - 1}
          open={open === at}
          required={required.has(rule.to)}
          reason={suggestedReason(rule, suggestion)}
          problems={trial && !fault ? problemsAt(trial.problems, rule.to) : []}
          fault={fault && placeOf(fault.pointer).rule === at ? fault : undefined}
          columns={columns}
          fields={fields}
          onOpen={() => onOpen(open === at ? undefined : at)}
          onChange={(next, typing) => onEdit(withRule(mapping, at, next), typing && `rules/${at}/${typing}`)}
          onMove={(to) => move(at, to)}
          onRemove={() => {
            onOpen(undefined);
            onEdit(withoutRule(mapping, at));
          }}
        />
      ))}
      {rules.length === 0 && (
        <li className={classes.note}>
          No rules yet. Each column goes to the field with the same name. Add a rule for a column with a
          different name, or with values that need conversion.
        </li>
      )}
    </ol>
  );
}

type JsonProps = {
  mapping: Mapping;
  trial: MappingPreview | undefined;
  onEdit: (mapping: Mapping, typing?: string) => void;
};

/** The document itself. Text that is no mapping yet stays on the screen and changes nothing. */
function MappingJson({ mapping, trial, onEdit }: JsonProps) {
  const [text, setText] = useState(() => JSON.stringify(mapping, null, 2));
  const mine = useRef(mapping);
  const shown = mine.current === mapping ? text : JSON.stringify(mapping, null, 2);
  const fault = trial?.error;
  return (
    <div className={classes.json}>
      <JsonEditor
        label="The mapping as JSON"
        text={shown}
        violations={
          fault
            ? [{ pointer: fault.pointer, rule: "mapping", message: `${fault.message} ${fault.hint}` }]
            : none
        }
        onChange={(next) => {
          setText(next);
          const parsed = parsedMapping(next);
          if (!parsed) return;
          mine.current = parsed;
          onEdit(parsed, "json");
        }}
      />
    </div>
  );
}

const none: never[] = [];
