/** Conditions on records: built by choosing, or written as text. Both show the same filter. */
import { ActionIcon, Button, Group, SegmentedControl, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { asApiError, call, type Filter, type FilterProblem } from "@/ipc";
import {
  conditionOf,
  filterOf,
  filterWords,
  joined,
  operators,
  parts,
  readValues,
  typeChoices,
} from "@/shared/filter/model";
import { type FieldSpec, leaves, specAt } from "@/shared/schema/model";
import { showError } from "@/shared/ui";
import { plainText } from "@/shared/value/model";
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
        <GroupEditor
          filter={search.filter}
          fields={fields}
          specs={specs}
          depth={0}
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
  const fresh = filterOf({ field: first, operator: "contains", values: [""] });
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
  const operator = operators.find((item) => item.id === condition.operator);
  const spec = specAt(specs, condition.field);
  const shown = condition.values.map((value) => plainText(value)).join("; ");
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const values = (next: string, id = condition.operator) =>
    readValues(next, id, spec && { types: spec.types });
  const choices = condition.operator === "isType" ? [...typeChoices] : (spec?.choices.map(String) ?? []);
  const isChoice = choices.length > 0 && ["eq", "ne", "isType"].includes(condition.operator);
  return (
    <Group gap={6} wrap="nowrap">
      <Select
        aria-label="Field"
        w={190}
        data={fields}
        searchable
        value={condition.field}
        allowDeselect={false}
        onChange={(field) => field && onChange(filterOf({ ...condition, field }))}
      />
      <Select
        aria-label="Operator"
        w={130}
        data={operators.map((item) => ({ value: item.id, label: item.title }))}
        value={condition.operator}
        allowDeselect={false}
        onChange={(id) => id && onChange(filterOf({ ...condition, operator: id, values: values(text, id) }))}
      />
      {isChoice && (
        <Select
          aria-label="Value"
          w={240}
          data={choices}
          value={text}
          onChange={(next) => onChange(filterOf({ ...condition, values: next ? [next] : [] }))}
        />
      )}
      {!isChoice && operator?.takes !== "none" && (
        <TextInput
          aria-label="Value"
          w={240}
          value={text}
          placeholder={operator?.takes === "many" ? "one; two; three" : ""}
          onChange={(event) => setText(event.currentTarget.value)}
          onBlur={() => text !== shown && onChange(filterOf({ ...condition, values: values(text) }))}
          onKeyDown={(event) => {
            if (event.key === "Enter") onChange(filterOf({ ...condition, values: values(text) }));
          }}
        />
      )}
    </Group>
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
