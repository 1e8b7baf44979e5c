/** What is wrong, most frequent first: by rule at a field, by file, by schema, by run. */
import type { GroupCount, ProblemCount, QuarantineStats } from "@/ipc";
import type { QuarantineSearch } from "@/shared/nav";
import { fieldTitle, number, ruleText } from "@/shared/words/words";
import { importTime, withoutSchema } from "./model";
import classes from "./quarantine.module.css";

type Part = { [K in keyof QuarantineSearch]: QuarantineSearch[K] | undefined };

type GroupsProps = { stats: QuarantineStats; search: QuarantineSearch; onChange: (part: Part) => void };

export function Groups({ stats, search, onChange }: GroupsProps) {
  const all = !search.rule && !search.field && !search.file && !search.run && !search.schema;
  return (
    <aside className={classes.groups} aria-label="Problems">
      <Line
        title="All waiting rows"
        size={stats.waiting}
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
      <h2 className={classes.groupTitle}>Problems</h2>
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

function ProblemLine({ problem, search, onChange }: { problem: ProblemCount } & Omit<GroupsProps, "stats">) {
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
