/** What a mapping would bring, in one sentence, before anybody opens it. */
import { Button } from "@mantine/core";
import type { Mapping, SourceChoice, SuggestedMapping } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { StateMark } from "@/shared/ui";
import { count, number } from "@/shared/words/words";
import classes from "./imports.module.css";
import { noSchema } from "./model";

/** The suggestion for the first file. Where no schema was recognised, the one that could fit is looked for. */
export function useSuggestion(
  ids: string[],
  choices: SourceChoice[],
  schema: string,
  byHand: boolean,
  readable: boolean,
): SuggestedMapping | undefined {
  const none = schema === noSchema;
  const request = {
    files: ids.slice(0, 1),
    choices: choices.slice(0, 1),
    ...(none ? {} : { schema }),
  };
  return useCall("mappings.suggest", request, { enabled: readable && !(none && byHand) }).data;
}

type NoteProps = {
  suggestion: SuggestedMapping | undefined;
  mapping: Mapping | undefined;
  /** The schema that is chosen; empty for none. */
  schema: string;
  onSchema: (schema: string) => void;
  onMapping: (mapping: Mapping | undefined) => void;
};

export function SuggestionNote({ suggestion, mapping, schema, onSchema, onMapping }: NoteProps) {
  if (mapping) {
    return (
      <span className={classes.suggestion}>
        <StateMark tone="accent">
          Using {mapping.name ? `the mapping “${mapping.name}”` : "a mapping"} with{" "}
          {count(mapping.rules?.length ?? 0, "rule")}.
        </StateMark>
        <Button variant="subtle" size="compact-xs" onClick={() => onMapping(undefined)}>
          Do not use it
        </Button>
      </span>
    );
  }
  const found = suggestion?.suggestion;
  if (!found) return null;
  if (schema === "") {
    return (
      <span className={classes.suggestion}>
        <StateMark tone="accent">
          With a mapping, this file could fit {suggestion.schema}: {count(found.matches.length, "column")}{" "}
          would match.
        </StateMark>
        <Button variant="subtle" size="compact-xs" onClick={() => onSchema(suggestion.schema)}>
          Use this schema
        </Button>
      </span>
    );
  }
  if (!suggestion.needed || suggestion.schema !== schema) return null;
  return (
    <span className={classes.suggestion}>
      <StateMark tone="warn">
        A mapping is suggested: of the first {count(suggestion.checked, "row")},{" "}
        {number(suggestion.badWithout)} {suggestion.badWithout === 1 ? "has" : "have"} problems without it and{" "}
        {number(suggestion.badWith)} with it.
      </StateMark>
    </span>
  );
}
