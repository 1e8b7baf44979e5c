/** Conditions on records: built by choosing, or written as text. Both show the same filter. */
import { ActionIcon, Button, Group, MultiSelect, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { asApiError, call, type Ext, type Filter, type FilterProblem } from "@/ipc";
import {
  type Condition,
  conditionOf,
  filterOf,
  filterWords,
  finished,
  joined,
  operators,
  operatorsFor,
  parts,
  readValues,
  typeChoices,
} from "@/shared/filter/model";
import { type FieldSpec, leaves, specAt } from "@/shared/schema/model";
import { showError } from "@/shared/ui";
import { plainText, shownText } from "@/shared/value/model";
import { pathOf, segmentsOf } from "@/shared/value/path";
import { fieldTitle } from "@/shared/words/words";
import classes from "./records.module.css";
import { useRecordsSearch } from "./useRecordsSearch";

type PanelProps = { specs: FieldSpec[]; seen: string[]; onClose: () => void };

export function FilterPanel({ specs, seen, onClose }: PanelProps) {
  const { search, change } = useRecordsSearch();
  const [how, setHow] = useState("build");
  const known = leaves(specs);
  const fields = [
    ...known.map((spec) => ({
      value: spec.path,
      label:
        segmentsOf(spec.path).length > 1
          ? `${fieldTitle(segmentsOf(spec.path)[0] ?? "")} › ${spec.title}`
          : spec.title,
    })),
    ...seen
      .filter((name) => !specs.some((spec) => spec.name === name))
      .map((name) => ({ value: pathOf([name]), label: fieldTitle(name) })),
  ];
  return (
    <section className={classes.filter} aria-label="Filter">
      <div className={classes.filterHead}>
        <SegmentedControl
          aria-label="How the filter is written"
          value={how}
          onChange={setHow}
          data={[
            { value: "build", label: "Choose" },
            { value: "text", label: "Write" },
          ]}
        />
        <span className={classes.spring} />
        {search.filter && (
          <Button variant="subtle" color="gray" onClick={() => change({ filter: undefined })}>
            Remove all conditions
          </Button>
        )}
        <ActionIcon aria-label="Close the filter" onClick={onClose}>
          <IconX size={15} />
        </ActionIcon>
      </div>
      {how === "build" ? (
        <Builder
          filter={search.filter}
          fields={fields}
          specs={specs}
          onChange={(filter) => change({ filter }, true)}
        />
      ) : (
        <TextFilter filter={search.filter} onChange={(filter) => change({ filter })} />
      )}
    </section>
  );
}

type FieldChoice = { value: string; label: string };

type GroupProps = {
  filter: Filter | undefined;
  fields: FieldChoice[];
  specs: FieldSpec[];
  depth: number;
  onChange: (filter: Filter | undefined) => void;
};

/** What is built here, with conditions that still miss their value: only finished ones reach the records. */
function Builder({ filter, onChange, ...rest }: Omit<GroupProps, "depth">) {
  const [built, setBuilt] = useState(filter);
  const [applied, setApplied] = useState(filter);
  if (applied !== filter) {
    setApplied(filter);
    if (JSON.stringify(finished(built)) !== JSON.stringify(filter)) setBuilt(filter);
  }
  return (
    <GroupEditor
      {...rest}
      filter={built}
      depth={0}
      onChange={(next) => {
        setBuilt(next);
        const done = finished(next);
        if (JSON.stringify(done) !== JSON.stringify(filter)) onChange(done);
      }}
    />
  );
}

type Kind = "and" | "or" | "none";

/** A group as its kind and its members; `none` is "not any of these". */
function groupOf(filter: Filter | undefined): { kind: Kind; members: Filter[] } {
  if (filter?.op === "or") return { kind: "or", members: filter.any };
  if (filter?.op === "not" && filter.not.op === "or") return { kind: "none", members: filter.not.any };
  return { kind: "and", members: parts(filter) };
}

function madeOf(kind: Kind, members: Filter[], depth: number): Filter | undefined {
  if (members.length === 0) return undefined;
  if (kind === "or") return { op: "or", any: members };
  if (kind === "none") return { op: "not", not: { op: "or", any: members } };
  return depth === 0 ? joined(members) : { op: "and", all: members };
}

function GroupEditor({ filter, fields, specs, depth, onChange }: GroupProps) {
  const { kind, members } = groupOf(filter);
  const first = fields[0]?.value ?? "";
  const usual = operatorsFor(specAt(specs, first)?.kind)[0]?.id ?? "contains";
  const fresh = filterOf({ field: first, operator: usual, values: [] });
  const replace = (at: number, next: Filter | undefined) =>
    onChange(
      madeOf(
        kind,
        members.flatMap((member, index) => (index === at ? (next ? [next] : []) : [member])),
        depth,
      ),
    );
  return (
    <div className={depth === 0 ? undefined : classes.filterGroup}>
      <Group gap="xs" mb={6}>
        <span className="dim">Records that match</span>
        <Select
          aria-label="How conditions are joined"
          w={130}
          data={[
            { value: "and", label: "all of these" },
            { value: "or", label: "any of these" },
            { value: "none", label: "none of these" },
          ]}
          value={kind}
          allowDeselect={false}
          onChange={(next) => onChange(madeOf((next ?? "and") as Kind, members, depth))}
        />
      </Group>
      {members.map((member, at) => (
        <Member
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no other identity, and order does not change
          key={at}
          filter={member}
          fields={fields}
          specs={specs}
          depth={depth}
          onChange={(next) => replace(at, next)}
        />
      ))}
      <Group gap="xs">
        <Button
          variant="subtle"
          leftSection={<IconPlus size={13} />}
          onClick={() => onChange(madeOf(kind, [...members, fresh], depth))}
        >
          Condition
        </Button>
        {depth < 2 && (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconPlus size={13} />}
            onClick={() => onChange(madeOf(kind, [...members, { op: "or", any: [fresh] }], depth))}
          >
            Group
          </Button>
        )}
      </Group>
    </div>
  );
}

type MemberProps = Omit<GroupProps, "filter"> & { filter: Filter };

function Member(props: MemberProps) {
  const { filter, onChange } = props;
  const condition = conditionOf(filter);
  const isGroup = !condition && (filter.op === "or" || filter.op === "and" || filter.op === "not");
  return (
    <div className={classes.member}>
      {condition ? (
        <ConditionEditor {...props} />
      ) : isGroup ? (
        <GroupEditor {...props} depth={props.depth + 1} />
      ) : (
        <span>{filterWords(filter, fieldTitle)}</span>
      )}
      <ActionIcon size={24} aria-label="Remove this condition" onClick={() => onChange(undefined)}>
        <IconX size={14} />
      </ActionIcon>
    </div>
  );
}

function ConditionEditor({ filter, fields, specs, onChange }: MemberProps) {
  const condition = conditionOf(filter) ?? { field: "", operator: "eq", values: [] };
  const spec = specAt(specs, condition.field);
  const fitting = operatorsFor(spec?.kind);
  // One from a link or a text may be another one.
  const known = operators.filter(
    ({ id }) => id === condition.operator || fitting.some((one) => one.id === id),
  );
  const offered = known.map((item) => fitting.find(({ id }) => id === item.id) ?? item);
  const chooseField = (field: string) => {
    const fits = operatorsFor(specAt(specs, field)?.kind);
    // Until there is a value, the operator was not chosen by anybody.
    const stays = finished(filter) !== undefined && fits.some(({ id }) => id === condition.operator);
    const operator = stays ? condition.operator : (fits[0]?.id ?? "eq");
    onChange(filterOf({ field, operator, values: [] }));
  };
  const chooseOperator = (operator: string) => {
    // The name of a type is no value of the field, and the other way round.
    const keeps = operator !== "isType" && condition.operator !== "isType";
    onChange(filterOf({ ...condition, operator, values: keeps ? condition.values : [] }));
  };
  return (
    <Group gap={6} wrap="nowrap" align="flex-start">
      <Select
        aria-label="Field"
        w={190}
        data={fields}
        searchable
        value={condition.field}
        allowDeselect={false}
        onChange={(field) => field && chooseField(field)}
      />
      <Select
        aria-label="Operator"
        w={130}
        data={offered.map((item) => ({ value: item.id, label: item.title }))}
        value={condition.operator}
        allowDeselect={false}
        onChange={(operator) => operator && chooseOperator(operator)}
      />
      <ValueEditor
        // Another field or operator takes other values.
        key={`${condition.field} ${condition.operator}`}
        condition={condition}
        spec={spec}
        onValues={(values) => onChange(filterOf({ ...condition, values }))}
      />
    </Group>
  );
}

type ValueProps = { condition: Condition; spec: FieldSpec | undefined; onValues: (values: Ext[]) => void };

function ValueEditor(props: ValueProps) {
  const { condition, spec, onValues } = props;
  const { operator, values } = condition;
  const takes = operators.find((item) => item.id === operator)?.takes;
  const offered = offeredValues(operator, spec);
  if (takes === "none") return null;
  if (!offered) return <TypedValue {...props} />;
  const textOf = (value: Ext) => (typeof value === "string" ? value : JSON.stringify(value));
  const named = (text: string) => offered.find(({ value }) => textOf(value) === text)?.value ?? text;
  const data = offered.map(({ value, label }) => ({ value: textOf(value), label }));
  const chosen = values.filter((value) => value !== "").map(textOf);
  return takes === "many" ? (
    <MultiSelect
      aria-label="Value"
      w={240}
      data={data}
      value={chosen}
      onChange={(next) => onValues(next.map(named))}
    />
  ) : (
    <Select
      aria-label="Value"
      w={240}
      data={data}
      value={chosen[0] ?? null}
      placeholder="Choose a value"
      onChange={(next) => onValues(next === null ? [] : [named(next)])}
    />
  );
}

/** The values that there are to choose from; nothing where any may be typed. */
function offeredValues(
  operator: string,
  spec: FieldSpec | undefined,
): { value: Ext; label: string }[] | undefined {
  if (operator === "isType") return typeChoices.map((name) => ({ value: name, label: name }));
  if (!["eq", "ne", "in"].includes(operator) || !spec) return undefined;
  if (spec.kind === "boolean") {
    return [
      { value: true, label: "Yes" },
      { value: false, label: "No" },
    ];
  }
  return spec.kind === "choice"
    ? spec.choices.filter((value) => value !== null).map((value) => ({ value, label: shownText(value) }))
    : undefined;
}

/** A value as text. Text that is no value of the field is an error here, and the condition waits for a better one. */
function TypedValue({ condition, spec, onValues }: ValueProps) {
  const shown = condition.values.map((value) => plainText(value)).join("; ");
  const [text, setText] = useState(shown);
  const [wrong, setWrong] = useState<string>();
  const [seen, setSeen] = useState(shown);
  if (seen !== shown) {
    setSeen(shown);
    if (!wrong) setText(shown);
  }
  const finish = () => {
    const read = readValues(text, condition.operator, spec && { types: spec.types });
    setWrong(read.ok ? undefined : read.message);
    onValues(read.ok ? read.values : []);
  };
  return (
    <TextInput
      aria-label="Value"
      w={240}
      value={text}
      error={wrong}
      placeholder={condition.operator === "in" ? "one; two; three" : ""}
      onChange={(event) => {
        setText(event.currentTarget.value);
        setWrong(undefined);
      }}
      onBlur={() => text !== shown && finish()}
      onKeyDown={(event) => {
        if (event.key === "Enter") finish();
      }}
    />
  );
}

type TextFilterProps = { filter: Filter | undefined; onChange: (filter: Filter | undefined) => void };

function TextFilter({ filter, onChange }: TextFilterProps) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<FilterProblem>();
  useEffect(() => {
    if (!filter) return setText("");
    call("filters.format", { filter }).then(
      (answer) => setText(answer.text),
      (thrown: unknown) => showError(asApiError(thrown)),
    );
  }, [filter]);
  const apply = async () => {
    if (text.trim() === "") return onChange(undefined);
    try {
      const answer = await call("filters.parse", { text });
      setProblem(answer.error);
      if (!answer.error) onChange(answer.filter);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void apply();
      }}
    >
      <Group gap="xs" align="flex-start" wrap="nowrap">
        <TextInput
          className={classes.filterText ?? ""}
          aria-label="Filter as text"
          classNames={{ input: "mono" }}
          value={text}
          placeholder='average_salary > 90000 and education_level = "PhD"'
          error={problem && `At character ${problem.position + 1}: ${problem.message}`}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setProblem(undefined);
          }}
        />
        <Button type="submit">Apply</Button>
      </Group>
      {problem && (
        <pre className={classes.caret} aria-hidden>
          {`${text}\n${" ".repeat(problem.position)}^`}
        </pre>
      )}
    </form>
  );
}
