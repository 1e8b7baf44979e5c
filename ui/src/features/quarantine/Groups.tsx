/** What is wrong, most frequent first: by rule at a field, by file, by schema, by run. */
import type { GroupCount, ProblemCount, QuarantineStats } from "@/ipc";
import type { QuarantineSearch } from "@/shared/nav";
import { fieldTitle, number, ruleText } from "@/shared/words/words";
import { importTime, withoutSchema } from "./model";
import classes from "./quarantine.module.css";

type Part = { [K in keyof QuarantineSearch]: QuarantineSearch[K] | undefined };

type GroupsProps = {
  /** Of the rows that fit the filter. */
  stats: QuarantineStats;
  /** Rows of this status, whatever the filter. */
  all: number;
  status: "waiting" | "released" | "discarded";
  search: QuarantineSearch;
  onChange: (part: Part) => void;
};

const allWords = {
  waiting: "All waiting rows",
  released: "All corrected rows",
  discarded: "All discarded rows",
};

export function Groups({ stats, all: size, status, search, onChange }: GroupsProps) {
  const all = !search.rule && !search.field && !search.file && !search.run && !search.schema;
  return (
    <aside className={classes.groups} aria-label="Problems">
      <Line
        title={allWords[status]}
        size={size}
        active={all}
        onClick={() =>
          onChange({
            rule: undefined,
            field: undefined,
            file: undefined,
            run: undefined,
            schema: undefined,
          })
        }
      />
      {stats.problems.length > 0 && <h2 className={classes.groupTitle}>Problems</h2>}
      {stats.problems.map((problem) => (
        <ProblemLine
          key={`${problem.field}:${problem.rule}`}
          problem={problem}
          search={search}
          onChange={onChange}
        />
      ))}
      <Group
        title="By file"
        groups={stats.byFile}
        active={search.file}
        name={(name) => name}
        onPick={(file) => onChange({ file })}
      />
      <Group
        title="By schema"
        groups={stats.bySchema.map((group) => ({ ...group, name: group.name || withoutSchema }))}
        active={search.schema}
        name={(name) => (name === withoutSchema ? "Without a schema" : name)}
        onPick={(schema) => onChange({ schema })}
      />
      {stats.byRun.length > 1 && (
        <Group
          title="By import"
          groups={stats.byRun}
          active={search.run}
          name={importTime}
          onPick={(run) => onChange({ run })}
        />
      )}
    </aside>
  );
}

function ProblemLine({
  problem,
  search,
  onChange,
}: { problem: ProblemCount } & Pick<GroupsProps, "search" | "onChange">) {
  const active = search.rule === problem.rule && search.field === problem.field;
  const words =
    problem.field === ""
      ? `Row ${ruleText(problem.rule)}`
      : `${fieldTitle(problem.field)} ${ruleText(problem.rule)}`;
  return (
    <Line
      title={words}
      size={problem.rows}
      active={active}
      about={problem.message}
      onClick={() =>
        onChange(
          active
            ? { rule: undefined, field: undefined }
            : { rule: problem.rule, field: problem.field || undefined },
        )
      }
    />
  );
}

type GroupProps = {
  title: string;
  groups: GroupCount[];
  active: string | undefined;
  name: (name: string) => string;
  onPick: (name: string | undefined) => void;
};

function Group({ title, groups, active, name, onPick }: GroupProps) {
  if (groups.length === 0) return null;
  return (
    <>
      <h2 className={classes.groupTitle}>{title}</h2>
      {groups.map((group) => (
        <Line
          key={group.name}
          title={name(group.name)}
          size={group.count}
          active={active === group.name}
          onClick={() => onPick(active === group.name ? undefined : group.name)}
        />
      ))}
    </>
  );
}

type LineProps = { title: string; size: number; active: boolean; about?: string; onClick: () => void };

function Line({ title, size, active, about, onClick }: LineProps) {
  return (
    <button
      type="button"
      className={classes.groupLine}
      data-active={active || undefined}
      aria-pressed={active}
      title={about}
      onClick={onClick}
    >
      <span>{title}</span>
      <span className="num">{number(size)}</span>
    </button>
  );
}
