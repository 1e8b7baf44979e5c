/** What the rules leave open: columns that nothing reads, required fields without a value, questions. */
import { Button } from "@mantine/core";
import type { Mapping } from "@/ipc";
import { StateMark } from "@/shared/ui";
import classes from "./mapping.module.css";

type LeftProps = {
  mapping: Mapping;
  unused: { column: string; dropped: boolean }[];
  unfilled: string[];
  questions: string[];
  onAdd: (from: string, to?: string) => void;
  onEdit: (mapping: Mapping) => void;
};

export function LeftOver({ mapping, unused, unfilled, questions, onAdd, onEdit }: LeftProps) {
  const drop = mapping.drop ?? [];
  const first = unused.find((one) => !one.dropped)?.column ?? "";
  return (
    <div className={classes.leftOver}>
      {unfilled.length > 0 && (
        <section aria-label="Required fields without a value">
          {unfilled.map((field) => (
            <p key={field}>
              <StateMark tone="bad">{field} is required but has no value</StateMark>
              <Button variant="subtle" size="compact-xs" onClick={() => onAdd(first, field)}>
                Add a rule
              </Button>
            </p>
          ))}
        </section>
      )}
      {questions.length > 0 && (
        <section aria-label="Questions">
          {questions.map((question) => (
            <p key={question}>
              <StateMark tone="warn">{question}</StateMark>
            </p>
          ))}
        </section>
      )}
      {unused.length > 0 && (
        <section aria-label="Columns without a rule">
          <p className="faint">Columns without a rule</p>
          {unused.map(({ column, dropped }) => (
            <p key={column}>
              <span className={classes.chip} data-dropped={dropped || undefined}>
                {column}
              </span>
              <span className="faint">{dropped ? "is left out" : "is imported unchanged"}</span>
              {mapping.unmapped !== "drop" && (
                <Button
                  variant="subtle"
                  size="compact-xs"
                  aria-label={dropped ? `Keep ${column}` : `Leave out ${column}`}
                  onClick={() =>
                    onEdit({
                      ...mapping,
                      drop: dropped ? drop.filter((name) => name !== column) : [...drop, column],
                    })
                  }
                >
                  {dropped ? "Keep it" : "Leave it out"}
                </Button>
              )}
            </p>
          ))}
        </section>
      )}
    </div>
  );
}
