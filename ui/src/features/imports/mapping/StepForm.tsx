/** The settings of one step, from the list of fields of its kind. */
import { Autocomplete, Checkbox, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Step } from "@/ipc";
import classes from "./mapping.module.css";
import {
  type FormField,
  forms,
  kindOfStep,
  payloadOf,
  setting,
  stepOf,
  tableOf,
  tableText,
  withSetting,
} from "./steps";

type StepProps = { step: Step; fields: string[]; onChange: (step: Step, typing?: string) => void };

export function StepForm({ step, fields, onChange }: StepProps) {
  const kind = kindOfStep(step);
  const payload = payloadOf(step);
  const shown = forms[kind].filter((field) => !field.needs || setting(payload, field.needs) !== undefined);
  return (
    <div className={classes.stepForm}>
      {shown.map((field) => (
        <Setting
          key={field.key}
          field={field}
          fields={fields}
          value={setting(payload, field.key)}
          onChange={(value, typing) =>
            onChange(stepOf(kind, withSetting(payload, field.key, value)), typing ? field.key : undefined)
          }
        />
      ))}
    </div>
  );
}

type SettingProps = {
  field: FormField;
  fields: string[];
  value: unknown;
  onChange: (value: unknown, typing: boolean) => void;
};

function Setting({ field, fields, value, onChange }: SettingProps) {
  const text = typeof value === "string" ? value : "";
  const common = {
    label: field.label,
    ...(field.about ? { description: field.about } : {}),
    inputWrapperOrder: ["label" as const, "input" as const, "description" as const, "error" as const],
  };
  switch (field.input) {
    case "choice":
      return (
        <Select
          {...common}
          data={(field.options ?? []).map(([option, label]) => ({ value: option, label }))}
          value={text === "" ? String(field.fallback ?? "") : text}
          allowDeselect={false}
          onChange={(next) => onChange(next === "" ? undefined : next, false)}
        />
      );
    case "flag":
      return <Flag field={field} value={value} onChange={(next) => onChange(next, false)} />;
    case "words":
      return (
        <TagsInput
          {...common}
          value={Array.isArray(value) ? value.map(String) : []}
          acceptValueOnBlur
          onChange={(next) => onChange(next.length === 0 ? undefined : next, false)}
        />
      );
    case "table":
      return <TableInput common={common} value={value} onChange={(next) => onChange(next, true)} />;
    case "field":
      return (
        <Autocomplete
          {...common}
          data={fields}
          value={text}
          placeholder="no field"
          onChange={(next) => onChange(next === "" ? undefined : next, true)}
        />
      );
    case "pattern":
      return (
        <TextInput
          {...common}
          value={text}
          classNames={{ input: "mono" }}
          {...(typeof field.fallback === "string" ? { placeholder: field.fallback } : {})}
          onChange={(event) => onChange(event.currentTarget.value, true)}
        />
      );
    case "text":
      return (
        <TextInput
          {...common}
          value={text}
          onChange={(event) =>
            onChange(event.currentTarget.value === "" ? undefined : event.currentTarget.value, true)
          }
        />
      );
  }
}

type FlagProps = { field: FormField; value: unknown; onChange: (value: unknown) => void };

/** On and off; a flag that stands for a group of settings is an object while it is on. */
function Flag({ field, value, onChange }: FlagProps) {
  const isGroup = field.key === "range";
  const on = isGroup ? value !== undefined : typeof value === "boolean" ? value : field.fallback === true;
  return (
    <Checkbox
      className={classes.flag ?? ""}
      label={field.label}
      checked={on}
      onChange={(event) => {
        const next = event.currentTarget.checked;
        if (isGroup) onChange(next ? { here: "mean" } : undefined);
        else onChange(next === (field.fallback === true) ? undefined : next);
      }}
    />
  );
}

type TableProps = { common: object; value: unknown; onChange: (table: Record<string, unknown>) => void };

/** Lines of a table; what is typed stays as it is typed until the table becomes another one elsewhere. */
function TableInput({ common, value, onChange }: TableProps) {
  const table = (value ?? {}) as Record<string, unknown>;
  const [text, setText] = useState(tableText(table));
  const same = JSON.stringify(tableOf(text)) === JSON.stringify(table);
  return (
    <Textarea
      {...common}
      autosize
      minRows={3}
      maxRows={10}
      classNames={{ input: "mono" }}
      placeholder="hs = High School"
      value={same ? text : tableText(table)}
      onChange={(event) => {
        setText(event.currentTarget.value);
        onChange(tableOf(event.currentTarget.value));
      }}
    />
  );
}
