/** Where the value of a rule comes from: a column, a text of several, a constant, or cases. */
import { ActionIcon, Autocomplete, Button, Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { MappingSource, SourceCase, SourceCondition, SourceTest } from "@/ipc";
import classes from "./mapping.module.css";
import { typed, written } from "./steps";

type Kind = "column" | "template" | "constant" | "cases";

type SourceProps = {
  source: MappingSource;
  columns: string[];
  /** Inside a case there are no further cases. */
  inner?: boolean;
  onChange: (source: MappingSource, typing?: string) => void;
};

function kindOf(source: MappingSource): Kind {
  if (typeof source === "string") return "column";
  if ("template" in source) return "template";
  return "cases" in source ? "cases" : "constant";
}

function freshSource(kind: Kind, columns: string[]): MappingSource {
  const first = columns[0] ?? "";
  switch (kind) {
    case "column":
      return first;
    case "template":
      return { template: `{${first}}` };
    case "constant":
      return { constant: "" };
    case "cases":
      return { cases: [freshCase(first, [{ column: first, is: "present" }])] };
  }
}

function freshCase(column: string, when?: SourceCondition[]): SourceCase {
  // biome-ignore lint/suspicious/noThenProperty: the word of the document
  return { ...(when ? { when } : {}), then: column };
}

export function SourceForm({ source, columns, inner, onChange }: SourceProps) {
  const kind = kindOf(source);
  return (
    <div className={classes.source}>
      <SegmentedControl
        aria-label={inner ? "Then comes from" : "Comes from"}
        value={kind}
        data={[
          { value: "column", label: "Column" },
          { value: "template", label: "Text from columns" },
          { value: "constant", label: "Constant" },
          ...(inner ? [] : [{ value: "cases", label: "Cases" }]),
        ]}
        onChange={(next) => onChange(freshSource(next as Kind, columns))}
      />
      {typeof source === "string" && (
        <Autocomplete
          label="Column"
          data={columns}
          value={source}
          onChange={(next) => onChange(next, "column")}
        />
      )}
      {typeof source !== "string" && "template" in source && (
        <TextInput
          label="Text"
          description="Put columns in braces: {First name} {Last name}"
          inputWrapperOrder={["label", "input", "description"]}
          value={source.template}
          onChange={(event) => onChange({ template: event.currentTarget.value }, "template")}
        />
      )}
      {typeof source !== "string" && "constant" in source && (
        <TextInput
          label="Value"
          description="The same in every record. Numbers, true and false are recognised; anything else is text."
          inputWrapperOrder={["label", "input", "description"]}
          value={written(source.constant)}
          onChange={(event) => onChange({ constant: typed(event.currentTarget.value) }, "constant")}
        />
      )}
      {typeof source !== "string" && "cases" in source && (
        <Cases
          cases={source.cases}
          columns={columns}
          onChange={(cases, typing) => onChange({ cases }, typing)}
        />
      )}
    </div>
  );
}

type CasesProps = {
  cases: SourceCase[];
  columns: string[];
  onChange: (cases: SourceCase[], typing?: string) => void;
};

function Cases({ cases, columns, onChange }: CasesProps) {
  const set = (at: number, one: SourceCase, typing?: string) =>
    onChange(
      cases.map((old, other) => (other === at ? one : old)),
      typing && `${at}/${typing}`,
    );
  return (
    <div className={classes.source}>
      <ol className={classes.cases}>
        {cases.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: cases have no other identity than their place
          <li key={at}>
            <Group justify="space-between">
              <strong>{(one.when ?? []).length === 0 ? "Otherwise" : at === 0 ? "If" : "Else if"}</strong>
              <ActionIcon
                aria-label={`Remove case ${at + 1}`}
                onClick={() => onChange(cases.filter((_, other) => other !== at))}
              >
                <IconTrash size={14} />
              </ActionIcon>
            </Group>
            {(one.when ?? []).map((condition, index) => (
              <Condition
                // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no other identity than their place
                key={index}
                condition={condition}
                columns={columns}
                onChange={(next, typing) =>
                  set(
                    at,
                    { ...one, when: (one.when ?? []).map((old, other) => (other === index ? next : old)) },
                    typing && `${index}/${typing}`,
                  )
                }
                onRemove={() =>
                  set(at, { ...one, when: (one.when ?? []).filter((_, other) => other !== index) })
                }
              />
            ))}
            <Button
              variant="subtle"
              size="compact-xs"
              leftSection={<IconPlus size={12} />}
              onClick={() =>
                set(at, { ...one, when: [...(one.when ?? []), { column: columns[0] ?? "", is: "present" }] })
              }
            >
              Condition
            </Button>
            <SourceForm
              inner
              source={one.then}
              columns={columns}
              onChange={(then, typing) => set(at, { ...one, then }, typing)}
            />
          </li>
        ))}
      </ol>
      <Button
        style={{ alignSelf: "flex-start" }}
        variant="default"
        size="compact-xs"
        leftSection={<IconPlus size={12} />}
        onClick={() => onChange([...cases, freshCase(columns[0] ?? "")])}
      >
        Case
      </Button>
    </div>
  );
}

const tests: [string, string][] = [
  ["present", "is there"],
  ["missing", "is missing"],
  ["equals", "is"],
  ["notEquals", "is not"],
  ["oneOf", "is one of"],
  ["lessThan", "is less than"],
  ["atMost", "is at most"],
  ["moreThan", "is more than"],
  ["atLeast", "is at least"],
  ["matches", "matches the pattern"],
];

function testName(test: SourceTest): string {
  return typeof test === "string" ? test : (Object.keys(test)[0] ?? "present");
}

function operand(test: SourceTest): string {
  if (typeof test === "string") return "";
  const value: unknown = Object.values(test)[0];
  if ("oneOf" in test) return Array.isArray(value) ? value.map(written).join("; ") : "";
  return "matches" in test ? String(value) : written(value);
}

function testOf(name: string, text: string): SourceTest {
  if (name === "present" || name === "missing") return name;
  if (name === "matches") return { matches: text };
  if (name === "oneOf") return { oneOf: text.split(";").map((part) => typed(part.trim())) };
  return { [name]: typed(text) } as SourceTest;
}

type ConditionProps = {
  condition: SourceCondition;
  columns: string[];
  onChange: (condition: SourceCondition, typing?: string) => void;
  onRemove: () => void;
};

function Condition({ condition, columns, onChange, onRemove }: ConditionProps) {
  const name = testName(condition.is);
  return (
    <div className={classes.condition}>
      <Autocomplete
        aria-label="Column of the condition"
        data={columns}
        value={condition.column}
        onChange={(column) => onChange({ ...condition, column }, "column")}
      />
      <Select
        aria-label="Condition"
        data={tests.map(([value, label]) => ({ value, label }))}
        value={name}
        allowDeselect={false}
        onChange={(next) => next && onChange({ ...condition, is: testOf(next, operand(condition.is)) })}
      />
      {name !== "present" && name !== "missing" && (
        <TextInput
          aria-label="Value of the condition"
          {...(name === "oneOf" ? { placeholder: "one; two" } : {})}
          value={operand(condition.is)}
          onChange={(event) =>
            onChange({ ...condition, is: testOf(name, event.currentTarget.value) }, "operand")
          }
        />
      )}
      <ActionIcon aria-label="Remove the condition" onClick={onRemove}>
        <IconTrash size={14} />
      </ActionIcon>
    </div>
  );
}
