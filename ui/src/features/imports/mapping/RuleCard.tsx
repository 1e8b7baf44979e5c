/** One rule: a line while it is closed, its source, steps and fallbacks while it is open. */
import {
  ActionIcon,
  Autocomplete,
  Button,
  Menu,
  Popover,
  TagsInput,
  TextInput,
  Tooltip,
} from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconChevronRight, IconPlus, IconTrash } from "@tabler/icons-react";
import type { KeyboardEvent } from "react";
import type { MappingFault, MappingRule, ProblemCount, Step } from "@/ipc";
import { StateMark, Tag } from "@/shared/ui";
import { number } from "@/shared/words/words";
import classes from "./mapping.module.css";
import { moved, placeOf } from "./model";
import { SourceForm } from "./SourceForm";
import { StepForm } from "./StepForm";
import {
  freshStep,
  kindOfStep,
  sourceWords,
  stepKinds,
  stepTitles,
  stepWords,
  typed,
  written,
} from "./steps";

type RuleProps = {
  rule: MappingRule;
  at: number;
  last: boolean;
  open: boolean;
  required: boolean;
  /** Why it was suggested, where it still stands as suggested. */
  reason: string | undefined;
  problems: ProblemCount[];
  fault: MappingFault | undefined;
  columns: string[];
  fields: string[];
  onOpen: () => void;
  onChange: (rule: MappingRule, typing?: string) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
};

export function RuleCard(props: RuleProps) {
  const { rule, at, open, required, reason, problems, fault, onOpen, onMove, onRemove } = props;
  const name = rule.to === "" ? "(all its fields)" : rule.to;
  const rows = problems.reduce((most, problem) => Math.max(most, problem.rows), 0);
  const onKey = (event: KeyboardEvent) => {
    if (event.altKey && event.key === "ArrowUp") onMove(at - 1);
    else if (event.altKey && event.key === "ArrowDown") onMove(at + 1);
    else if (event.key === "Delete") onRemove();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <li className={classes.rule} data-open={open || undefined} data-wrong={fault !== undefined || undefined}>
      <div className={classes.ruleHead}>
        <button
          type="button"
          className={classes.ruleButton}
          aria-expanded={open}
          aria-label={`Rule for ${name}`}
          onClick={onOpen}
          onKeyDown={onKey}
        >
          <IconChevronRight size={13} className={classes.chevron ?? ""} aria-hidden />
          <span className={classes.target}>
            {name}
            {required && <span title="This field is required"> *</span>}
          </span>
          <span className="faint" aria-hidden>
            ←
          </span>
          <span className={classes.from}>{sourceWords(rule.from)}</span>
          {(rule.steps ?? []).map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other identity than their place
            <span key={index} className={classes.chip} data-wrong={isFaulty(fault, at, index) || undefined}>
              {stepWords(step)}
            </span>
          ))}
        </button>
        {rows > 0 && <StateMark tone="bad">{number(rows)}</StateMark>}
        {reason && (
          <Tooltip label={reason}>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the reason shows on focus, too */}
            <span tabIndex={0} role="note" aria-label={`Suggested. ${reason}`}>
              <Tag tone="accent">Suggested</Tag>
            </span>
          </Tooltip>
        )}
        <RuleButtons {...props} name={name} />
      </div>
      {fault && (
        <p className={classes.fault} role="alert">
          {fault.message} {fault.hint}
        </p>
      )}
      {open && <RuleBody {...props} />}
    </li>
  );
}

function isFaulty(fault: MappingFault | undefined, rule: number, step: number): boolean {
  const place = fault ? placeOf(fault.pointer) : {};
  return place.rule === rule && place.step === step;
}

function RuleButtons({ name, at, last, onMove, onRemove }: RuleProps & { name: string }) {
  return (
    <span className={classes.ruleButtons}>
      <ActionIcon
        size={22}
        aria-label={`Move the rule for ${name} up`}
        disabled={at === 0}
        onClick={() => onMove(at - 1)}
      >
        <IconArrowUp size={13} />
      </ActionIcon>
      <ActionIcon
        size={22}
        aria-label={`Move the rule for ${name} down`}
        disabled={last}
        onClick={() => onMove(at + 1)}
      >
        <IconArrowDown size={13} />
      </ActionIcon>
      <ActionIcon size={22} aria-label={`Remove the rule for ${name}`} onClick={onRemove}>
        <IconTrash size={13} />
      </ActionIcon>
    </span>
  );
}

function RuleBody({ rule, problems, columns, fields, onChange }: RuleProps) {
  const steps = rule.steps ?? [];
  const setSteps = (next: Step[], typing?: string) => onChange({ ...rule, steps: next }, typing);
  return (
    <div className={classes.ruleBody}>
      {problems.map((problem) => (
        <p key={problem.rule} className={classes.fault}>
          {number(problem.rows)} {problem.rows === 1 ? "row" : "rows"}: {problem.message}
        </p>
      ))}
      <Autocomplete
        label="Field"
        data={fields}
        value={rule.to}
        onChange={(to) => onChange({ ...rule, to }, "to")}
      />
      <SourceForm
        source={rule.from}
        columns={columns}
        onChange={(from, typing) => onChange({ ...rule, from }, typing && `from/${typing}`)}
      />
      <ol className={classes.steps} aria-label="Steps">
        {steps.map((step, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: steps have no other identity than their place
          <li key={at}>
            <StepLine
              step={step}
              at={at}
              last={at === steps.length - 1}
              fields={fields}
              onChange={(next, typing) =>
                setSteps(
                  steps.map((old, other) => (other === at ? next : old)),
                  typing && `steps/${at}/${typing}`,
                )
              }
              onMove={(to) => setSteps(moved(steps, at, to))}
              onRemove={() => setSteps(steps.filter((_, other) => other !== at))}
            />
          </li>
        ))}
      </ol>
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="default" size="compact-xs" leftSection={<IconPlus size={12} />}>
            Add a step
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={360} style={{ overflow: "auto" }}>
          {stepKinds.map((kind) => (
            <Menu.Item key={kind} onClick={() => setSteps([...steps, freshStep(kind)])}>
              {stepTitles[kind]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Fallbacks rule={rule} onChange={onChange} />
    </div>
  );
}

type StepLineProps = {
  step: Step;
  at: number;
  last: boolean;
  fields: string[];
  onChange: (step: Step, typing?: string) => void;
  onMove: (to: number) => void;
  onRemove: () => void;
};

function StepLine({ step, at, last, fields, onChange, onMove, onRemove }: StepLineProps) {
  const title = stepTitles[kindOfStep(step)] ?? kindOfStep(step);
  return (
    <section className={classes.step} aria-label={title}>
      <header>
        <strong>
          {at + 1}. {title}
        </strong>
        <ActionIcon
          size={20}
          aria-label={`Move “${title}” up`}
          disabled={at === 0}
          onClick={() => onMove(at - 1)}
        >
          <IconArrowUp size={12} />
        </ActionIcon>
        <ActionIcon
          size={20}
          aria-label={`Move “${title}” down`}
          disabled={last}
          onClick={() => onMove(at + 1)}
        >
          <IconArrowDown size={12} />
        </ActionIcon>
        <ActionIcon size={20} aria-label={`Remove “${title}”`} onClick={onRemove}>
          <IconTrash size={12} />
        </ActionIcon>
      </header>
      <StepForm step={step} fields={fields} onChange={onChange} />
    </section>
  );
}

/** What counts as missing here, and what stands in the record then. */
function Fallbacks({ rule, onChange }: Pick<RuleProps, "rule" | "onChange">) {
  const { default: _default, ...withoutDefault } = rule;
  const { missing: _missing, ...withoutMissing } = rule;
  const set = (rule.missing?.tokens?.length ?? 0) > 0 || rule.default !== undefined;
  return (
    <Popover position="bottom-start" withinPortal>
      <Popover.Target>
        <Button variant="subtle" size="compact-xs">
          {set ? "Missing values: set" : "Missing values…"}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className={classes.fallbacks ?? ""}>
        <TagsInput
          label="Words for a missing value, in this rule only"
          description="Instead of the words for the whole mapping"
          value={rule.missing?.tokens ?? []}
          acceptValueOnBlur
          onChange={(tokens) =>
            onChange(tokens.length === 0 ? withoutMissing : { ...rule, missing: { ...rule.missing, tokens } })
          }
        />
        <TextInput
          label="Instead of a missing value"
          placeholder="nothing: leave the field out"
          value={written(rule.default)}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(text === "" ? withoutDefault : { ...rule, default: typed(text) }, "default");
          }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}
