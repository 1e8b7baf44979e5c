/** How a file is read: what was recognised, and the ways to say otherwise. */
import { Button, Select, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Examined, SourceChoice } from "@/ipc";
import classes from "./imports.module.css";
import {
  chosen,
  controlsFor,
  delimiterOptions,
  encodingOptions,
  isChosen,
  none,
  type Option,
  partName,
  partOptions,
  quoteOptions,
} from "./reading";

type ReadingProps = {
  name: string;
  source: Examined;
  choice: SourceChoice;
  onChange: (choice: SourceChoice) => void;
};

const other = "(other)";

export function ReadingChoices({ name, source, choice, onChange }: ReadingProps) {
  const controls = controlsFor(source, choice);
  if (!Object.values(controls).some(Boolean)) return null;
  const set = (part: Partial<SourceChoice>) => onChange(chosen(choice, part));
  const part = choice.part ?? source.part ?? "";
  const quote = choice.quote ?? source.dialect?.quote ?? '"';
  const header = choice.header ?? source.dialect?.header ?? true;
  return (
    <section className={classes.reading} aria-label={`Reading options for ${name}`}>
      {controls.part && (
        <Choice
          label={partName(source)}
          data={partOptions(source)}
          value={part === "" ? none : part}
          onChange={(next) => set({ part: next === none ? "" : next })}
        />
      )}
      {controls.encoding && (
        <Choice
          label="Encoding"
          data={encodingOptions(choice.encoding ?? source.encoding)}
          value={choice.encoding ?? source.encoding}
          onChange={(encoding) => set({ encoding })}
        />
      )}
      {controls.dialect && (
        <DelimiterChoice
          now={choice.delimiter ?? source.dialect?.delimiter ?? ""}
          onChange={(delimiter) => set({ delimiter })}
        />
      )}
      {controls.dialect && source.dialect && (
        <Choice
          label="Values are quoted with"
          data={quoteOptions(quote)}
          value={quote === "" ? none : quote}
          onChange={(next) => set({ quote: next === none ? "" : next })}
        />
      )}
      {controls.header && (
        <Choice
          label="First row"
          data={[
            { value: "yes", label: "contains column names" },
            { value: "no", label: "contains data" },
          ]}
          value={header ? "yes" : "no"}
          onChange={(next) => set({ header: next === "yes" })}
        />
      )}
      {isChosen(choice) && (
        <Button variant="subtle" onClick={() => onChange({})}>
          As detected
        </Button>
      )}
    </section>
  );
}

type ChoiceProps = { label: string; data: Option[]; value: string; onChange: (value: string) => void };

function Choice({ label, data, value, onChange }: ChoiceProps) {
  return (
    <Select
      label={label}
      data={data}
      value={value}
      allowDeselect={false}
      searchable={data.length > 8}
      onChange={(next) => next !== null && onChange(next)}
    />
  );
}

/** One of the usual signs, or any other one. */
function DelimiterChoice({ now, onChange }: { now: string; onChange: (delimiter: string) => void }) {
  const [typing, setTyping] = useState(false);
  return (
    <>
      <Select
        label="Values are separated by"
        data={[...delimiterOptions(now), { value: other, label: "another character…" }]}
        value={typing ? other : now === "" ? null : now}
        placeholder="Choose"
        allowDeselect={false}
        onChange={(next) => {
          setTyping(next === other);
          if (next !== null && next !== other) onChange(next);
        }}
      />
      {typing && (
        <TextInput
          label="Character"
          maxLength={1}
          w={60}
          data-autofocus
          onChange={(event) => event.currentTarget.value !== "" && onChange(event.currentTarget.value)}
        />
      )}
    </>
  );
}
