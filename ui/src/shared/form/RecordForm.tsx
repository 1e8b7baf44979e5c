/** A form drawn from the schema: one control a field, its state and its messages beside it. */
import { ActionIcon, Alert, Menu, Tooltip } from "@mantine/core";
import { IconArrowBackUp, IconDots } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Ext, ExtObject, Violation } from "@/ipc";
import { type FieldSpec, guessedSpec } from "../schema/model";
import { kindOf } from "../value/model";
import { valueAt } from "../value/path";
import { changesOf, type Draft, edited, fieldReverted, isChanged, messagesAt, messagesByPath } from "./draft";
import { FieldControl } from "./FieldControl";
import classes from "./form.module.css";

type RecordFormProps = {
  draft: Draft;
  specs: FieldSpec[];
  violations: Violation[];
  /** Fields that must not be changed here, such as the key. */
  fixed?: string[];
  readOnly?: boolean;
  onDraft: (draft: Draft) => void;
};

export function RecordForm(props: RecordFormProps) {
  const { draft, specs, violations } = props;
  const messages = useMemo(() => messagesByPath(violations), [violations]);
  const unknown = useMemo(() => unknownSpecs(draft, specs), [draft, specs]);
  const general = messages.get("");
  return (
    <div className={classes.form}>
      {general && (
        <Alert color="red" variant="light" p="xs">
          {general.join(" ")}
        </Alert>
      )}
      {specs.map((spec) => (
        <Field key={spec.path} {...props} spec={spec} messages={messages} />
      ))}
      {unknown.length > 0 && <h3 className={classes.groupTitle}>Fields not in the schema</h3>}
      {unknown.map((spec) => (
        <Field key={spec.path} {...props} spec={spec} messages={messages} />
      ))}
    </div>
  );
}

function unknownSpecs(draft: Draft, specs: FieldSpec[]): FieldSpec[] {
  const known = new Set(specs.map((spec) => spec.name));
  const names = new Set([...Object.keys(draft.original), ...Object.keys(draft.current)]);
  return [...names]
    .filter((name) => !known.has(name) && !name.includes("."))
    .map((name) => guessedSpec(name, draft.current[name] ?? draft.original[name]));
}

type FieldProps = RecordFormProps & { spec: FieldSpec; messages: Map<string, string[]> };

function Field(props: FieldProps) {
  const { spec, draft, messages, onDraft } = props;
  const changed = isChanged(changesOf(draft), spec.path);
  const value = valueAt(draft.current, spec.path);
  const wrong = spec.kind === "object" ? (messages.get(spec.path) ?? []) : messagesAt(messages, spec.path);
  const fixed = props.readOnly || props.fixed?.includes(spec.path) || false;
  const id = `field-${spec.path}`;
  const isGroup = spec.kind === "object" && kindOf(value) === "object";
  return (
    <div
      className={classes.field}
      data-changed={changed || undefined}
      data-wrong={wrong.length > 0 || undefined}
      data-wide={isWide(spec, value) || undefined}
    >
      <div className={classes.label}>
        {isGroup ? (
          <span id={`${id}-label`} title={spec.description}>
            {spec.title}
          </span>
        ) : (
          <label id={`${id}-label`} htmlFor={id} title={spec.description}>
            {spec.title}
          </label>
        )}
        <State value={value} required={spec.required} />
      </div>
      <div className={classes.control}>
        {isGroup ? (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset brings its own look
          <div className={classes.nested} role="group" aria-labelledby={`${id}-label`}>
            {spec.children.map((child) => (
              <Field key={child.path} {...props} spec={child} />
            ))}
          </div>
        ) : (
          <FieldControl
            id={id}
            spec={spec}
            value={value}
            fixed={fixed}
            problem={wrong.length > 0 ? wrong.join(" ") : undefined}
            onChange={(next) => onDraft(edited(draft, spec.path, next))}
          />
        )}
        {wrong.length > 0 && (isGroup || !tellsItself(spec)) && (
          <div className={classes.error}>{wrong.join(" ")}</div>
        )}
      </div>
      <span className={classes.tools}>
        {changed && !props.readOnly && (
          <Tooltip label="Restore this field">
            <ActionIcon
              size={20}
              aria-label={`Restore ${spec.title}`}
              onClick={() => onDraft(fieldReverted(draft, spec.path))}
            >
              <IconArrowBackUp size={14} />
            </ActionIcon>
          </Tooltip>
        )}
        {!fixed && <FieldMenu {...props} value={value} />}
      </span>
    </div>
  );
}

/** Controls that have no place for a message of their own. */
function tellsItself(spec: FieldSpec): boolean {
  return spec.kind !== "boolean" && spec.kind !== "object";
}

/** Long things get the whole width. */
function isWide(spec: FieldSpec, value: Ext | undefined): boolean {
  if (spec.kind === "object" || spec.kind === "json") return kindOf(value) === "object";
  return spec.kind === "longText" || spec.kind === "list";
}

/** Missing, null and empty are different things, and said so. */
function State({ value, required }: { value: Ext | undefined; required: boolean }) {
  const kind = kindOf(value);
  if (kind === "missing") {
    return (
      <span className={required ? classes.stateBad : classes.state}>{required ? "missing" : "not set"}</span>
    );
  }
  if (required && kind !== "null" && value !== "") return <span className={classes.star}>required</span>;
  if (kind === "null") return <span className={classes.state}>null</span>;
  if (value === "") return <span className={classes.state}>empty text</span>;
  if (kind === "list" && (value as Ext[]).length === 0)
    return <span className={classes.state}>empty list</span>;
  return null;
}

function FieldMenu({ spec, draft, onDraft, value }: FieldProps & { value: Ext | undefined }) {
  const set = (next: Ext | undefined) => onDraft(edited(draft, spec.path, next));
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon size={20} aria-label={`More for ${spec.title}`} className={classes.more}>
          <IconDots size={14} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={value === undefined} onClick={() => set(undefined)}>
          Remove field
        </Menu.Item>
        {spec.nullable && (
          <Menu.Item disabled={value === null} onClick={() => set(null)}>
            Set to null
          </Menu.Item>
        )}
        {(spec.kind === "text" || spec.kind === "longText") && (
          <Menu.Item disabled={value === ""} onClick={() => set("")}>
            Set to empty text
          </Menu.Item>
        )}
        {spec.kind === "list" && <Menu.Item onClick={() => set([])}>Set to empty list</Menu.Item>}
        {spec.kind === "object" && spec.children.length > 0 && (
          <Menu.Item disabled={kindOf(value) === "object"} onClick={() => set({} as ExtObject)}>
            Fill in
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
