/** A value in one line, where missing, null, empty text and an empty list look different. */
import { memo } from "react";
import type { Ext } from "@/ipc";
import { fieldTitle } from "../words/words";
import { Hits, NumberHits } from "./Hits";
import { isObject, kindOf, plainText, shownText } from "./model";
import classes from "./value.module.css";

type ValueProps = { value: Ext | undefined; required?: boolean };

export const ValueText = memo(function ValueText({ value, required }: ValueProps) {
  switch (kindOf(value)) {
    case "missing":
      return required ? (
        <span className={classes.missing}>missing</span>
      ) : (
        <span className={classes.notSet} title="Not set: the field is missing">
          ·<span className="visually-hidden">not set</span>
        </span>
      );
    case "null":
      return <span className={classes.word}>null</span>;
    case "text":
      return value === "" ? <span className={classes.word}>empty text</span> : <Hits>{value as string}</Hits>;
    case "list":
      return <ListValue items={value as Ext[]} />;
    case "object":
      return <ObjectValue value={value as Record<string, Ext>} />;
    case "id":
    case "binary":
    case "special":
      return <span className="mono">{shownText(value)}</span>;
    case "date":
      return <span title={plainText(value)}>{shownText(value)}</span>;
    case "number":
      return <NumberHits plain={plainText(value)}>{shownText(value)}</NumberHits>;
    default:
      return <>{shownText(value)}</>;
  }
});

function ListValue({ items }: { items: Ext[] }) {
  if (items.length === 0) return <span className={classes.word}>empty list</span>;
  return (
    <span className={classes.list}>
      <span className={classes.listCount}>{items.length}</span>
      {items.slice(0, 6).map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a list of values has no other identity
        <span key={at} className={classes.chip}>
          <Hits>{shownText(item)}</Hits>
        </span>
      ))}
    </span>
  );
}

function ObjectValue({ value }: { value: Record<string, Ext> }) {
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className={classes.word}>empty object</span>;
  return (
    <>
      {entries.map(([name, inner], at) => (
        <span key={name}>
          {at > 0 && <span className="faint"> · </span>}
          <span className="faint">{fieldTitle(name)} </span>
          {isObject(inner) && kindOf(inner) === "object" ? "{…}" : shownText(inner) || "—"}
        </span>
      ))}
    </>
  );
}

type ChangeProps = {
  before: Ext | undefined;
  after: Ext | undefined;
  /** The whole record goes: each field by itself does not say so again. */
  gone?: boolean;
};

/** Before and after of one value, side by side. */
export function Change({ before, after, gone }: ChangeProps) {
  return (
    <span className={classes.change}>
      {before !== undefined && (
        <del className={classes.before}>
          <ValueBlock value={before} />
        </del>
      )}
      {!gone && (
        <span className={classes.becomes}>
          {before !== undefined && (
            <span className="faint" aria-hidden>
              →
            </span>
          )}
          <ins className={classes.after}>
            <ValueBlock value={after} />
          </ins>
        </span>
      )}
    </span>
  );
}

function ValueBlock({ value }: { value: Ext | undefined }) {
  const kind = kindOf(value);
  if (kind === "missing") return <span className={classes.word}>not set</span>;
  if (kind === "list" && (value as Ext[]).length > 0) return <>{shownText(value)}</>;
  return <ValueText value={value} />;
}
