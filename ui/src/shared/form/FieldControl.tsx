/** The control for one field: text, number, choice, list, yes or no, date, or JSON where nothing else fits. */
import { Button, SegmentedControl, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { Ext } from "@/ipc";
import type { FieldSpec } from "../schema/model";
import { kindOf, plainText } from "../value/model";
import { parseInput, parseJson } from "../value/parse";
import classes from "./form.module.css";

type ControlProps = {
  id: string;
  spec: FieldSpec;
  value: Ext | undefined;
  /** Shown, but not to be changed here. */
  fixed: boolean;
  /** What is wrong with the value, one text. */
  problem: string | undefined;
  onChange: (value: Ext | undefined) => void;
};

export function FieldControl(props: ControlProps) {
  const { spec, value } = props;
  const kind = kindOf(value);
  const open = kind === "missing" || kind === "null";
  switch (spec.kind) {
    case "choice":
      return open || kind === "text" ? <ChoiceControl {...props} /> : <JsonControl {...props} />;
    case "boolean":
      return open || kind === "bool" ? <BooleanControl {...props} /> : <JsonControl {...props} />;
    case "list":
      return open || isTextList(value) ? <ListControl {...props} /> : <JsonControl {...props} />;
    case "object":
      return open ? <ObjectStarter {...props} /> : <JsonControl {...props} />;
    case "json":
      return kind === "object" || kind === "list" || kind === "special" ? (
        <JsonControl {...props} />
      ) : (
        <TextControl {...props} />
      );
    default:
      return kind === "object" || kind === "list" ? <JsonControl {...props} /> : <TextControl {...props} />;
  }
}

function isTextList(value: Ext | undefined): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Text that becomes a value of the field's type; what cannot be read yet stays as text on the screen. */
function TextControl({ id, spec, value, fixed, problem, onChange }: ControlProps) {
  const exact = plainText(value);
  const [text, setText] = useState(exact);
  const [wrong, setWrong] = useState<string>();
  useEffect(() => {
    setText((now) => (readsAs(now, value, spec) ? now : exact));
    setWrong(undefined);
  }, [exact, value, spec]);

  const change = (next: string) => {
    setText(next);
    if (spec.kind === "text" || spec.kind === "longText") {
      onChange(next === "" && value === undefined ? undefined : next);
      return;
    }
    const parsed = parseInput(next, value, { types: spec.types });
    setWrong(parsed.ok ? undefined : parsed.message);
    onChange(parsed.ok ? parsed.value : next);
  };
  const common = {
    id,
    value: text,
    readOnly: fixed,
    placeholder: spec.example ? `e.g. ${spec.example}` : "",
    error: wrong ?? problem,
    onChange: (event: { currentTarget: { value: string } }) => change(event.currentTarget.value),
  };
  const input = [classes.tabular, fixed && classes.fixed].filter(Boolean).join(" ");
  if (spec.kind === "longText")
    return <Textarea {...common} autosize minRows={2} maxRows={14} classNames={{ input }} />;
  const isNumber = spec.kind === "number" || spec.kind === "integer";
  return <TextInput {...common} inputMode={isNumber ? "decimal" : "text"} classNames={{ input }} />;
}

/** Whether the text on screen stands for this value already, as `1,000` does for 1000. */
function readsAs(text: string, value: Ext | undefined, spec: FieldSpec): boolean {
  if (spec.kind === "text" || spec.kind === "longText") return text === plainText(value);
  const parsed = parseInput(text, value, { types: spec.types });
  return parsed.ok ? plainText(parsed.value) === plainText(value) : text === value;
}

function ChoiceControl({ id, spec, value, fixed, problem, onChange }: ControlProps) {
  const choices = spec.choices.map((choice) => plainText(choice));
  const now = typeof value === "string" ? value : null;
  const data = now !== null && !choices.includes(now) ? [...choices, now] : choices;
  return (
    <Select
      id={id}
      data={data}
      value={now}
      disabled={fixed}
      clearable={!spec.required}
      placeholder="Choose"
      error={problem}
      onChange={(next) => onChange(spec.choices.find((choice) => plainText(choice) === next))}
    />
  );
}

function BooleanControl({ id, spec, value, fixed, onChange }: ControlProps) {
  const now = value === true ? "yes" : value === false ? "no" : "open";
  return (
    <SegmentedControl
      id={id}
      aria-label={spec.title}
      disabled={fixed}
      value={now}
      data={[
        { value: "yes", label: "Yes" },
        { value: "no", label: "No" },
        { value: "open", label: "Not set" },
      ]}
      onChange={(next) => onChange(next === "open" ? undefined : next === "yes")}
    />
  );
}

function ListControl({ id, value, fixed, problem, onChange }: ControlProps) {
  return (
    <TagsInput
      id={id}
      value={Array.isArray(value) ? value.map((item) => plainText(item)) : []}
      disabled={fixed}
      allowDuplicates
      acceptValueOnBlur
      splitChars={[";"]}
      placeholder={Array.isArray(value) && value.length > 0 ? "" : "Type and press Enter"}
      error={problem}
      onChange={(next) => onChange(next)}
    />
  );
}

function ObjectStarter({ id, spec, fixed, onChange }: ControlProps) {
  return (
    <Button id={id} variant="default" size="compact-xs" disabled={fixed} onClick={() => onChange({})}>
      Fill in {spec.title.toLowerCase()}
    </Button>
  );
}

function JsonControl({ id, value, fixed, problem, onChange }: ControlProps) {
  const exact = JSON.stringify(value, null, 1) ?? "";
  const [text, setText] = useState(exact);
  const [wrong, setWrong] = useState<string>();
  useEffect(() => setText(exact), [exact]);
  return (
    <Textarea
      id={id}
      value={text}
      disabled={fixed}
      autosize
      minRows={2}
      maxRows={10}
      classNames={{ input: "mono" }}
      error={wrong ?? problem}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => {
        const parsed = parseJson(text);
        setWrong(parsed.ok ? undefined : parsed.message);
        if (parsed.ok) onChange(parsed.value);
      }}
    />
  );
}
