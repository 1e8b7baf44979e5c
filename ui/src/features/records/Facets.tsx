/** Values of fields with their counts. A click includes a value, with Alt it is left out. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconMinus, IconPlus, IconX } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { CollectionInfo, Facet, Filter } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { joined, parts, rangeOf, sameFilter, toggledPart, withRange } from "@/shared/filter/model";
import { type FieldSpec, leaves } from "@/shared/schema/model";
import { Loading, Problem } from "@/shared/ui";
import { ValueText } from "@/shared/value/ValueText";
import { number } from "@/shared/words/words";
import { conditionFor, fieldParts, valueState } from "./facet.model";
import classes from "./facets.module.css";
import { Histogram } from "./Histogram";
import { wholeFilter } from "./model";
import type { RecordQuery } from "./useRecordPages";
import { useRecordsSearch } from "./useRecordsSearch";

type FacetsProps = {
  collection: CollectionInfo;
  specs: FieldSpec[];
  query: RecordQuery;
  onClose: () => void;
};

function standardFields(specs: FieldSpec[]): string[] {
  const good = leaves(specs).filter((spec) => spec.kind === "choice" || spec.name === "average_salary");
  const more = leaves(specs).filter((spec) => spec.name === "industry" || spec.kind === "list");
  return [...good, ...more].slice(0, 4).map((spec) => spec.path);
}

function useFacetFields(collection: string, specs: FieldSpec[]) {
  const name = `steward.facets.${collection}`;
  const [fields, setFields] = useState<string[] | undefined>(() => {
    const stored = localStorage.getItem(name);
    return stored ? stored.split("\n").filter(Boolean) : undefined;
  });
  const change = (next: string[]) => {
    setFields(next);
    localStorage.setItem(name, next.join("\n"));
  };
  return [fields ?? standardFields(specs), change] as const;
}

export function Facets({ collection, specs, query, onClose }: FacetsProps) {
  const [fields, setFields] = useFacetFields(collection.name, specs);
  const all = leaves(specs);
  const others = all.filter((spec) => !fields.includes(spec.path) && spec.kind !== "longText");
  return (
    <aside className={classes.facets} aria-label="Facets">
      <header className={classes.head}>
        <span className={classes.headTitle}>Facets</span>
        <Menu position="bottom-end">
          <Menu.Target>
            <ActionIcon size={24} aria-label="Add a facet">
              <IconPlus size={15} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown className={classes.menu ?? ""}>
            {others.map((spec) => (
              <Menu.Item key={spec.path} onClick={() => setFields([...fields, spec.path])}>
                {spec.title}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
        <ActionIcon size={24} aria-label="Close facets" onClick={onClose}>
          <IconX size={15} />
        </ActionIcon>
      </header>
      <div className={classes.list}>
        {fields.map((field) => (
          <FacetBox
            key={field}
            field={field}
            title={all.find((spec) => spec.path === field)?.title ?? field}
            collection={collection.name}
            query={query}
            onRemove={() => setFields(fields.filter((other) => other !== field))}
          />
        ))}
        <p className={classes.hint}>Click to include a value, Alt-click to exclude it.</p>
      </div>
    </aside>
  );
}

type BoxProps = {
  field: string;
  title: string;
  collection: string;
  query: RecordQuery;
  onRemove: () => void;
};

function FacetBox({ field, title, collection, onRemove }: BoxProps) {
  const { search, change } = useRecordsSearch();
  const [limit, setLimit] = useState(8);
  const others = useMemo(() => {
    const rest = parts(search.filter).filter((part) => !fieldParts(part, field));
    return wholeFilter(search.q, joined(rest));
  }, [search.filter, search.q, field]);
  const facet = useCall(
    "records.facet",
    { collection, field, limit, ...(others ? { filter: others } : {}) },
    { keep: true },
  );
  const setFilter = (filter: Filter | undefined) => change({ filter }, true);
  return (
    <section className={classes.box} aria-label={title}>
      <header className={classes.boxHead}>
        <h2>{title}</h2>
        {facet.data && <span className="faint">{number(facet.data.distinct)} distinct</span>}
        <ActionIcon size={18} aria-label={`Remove facet ${title}`} onClick={onRemove}>
          <IconX size={12} />
        </ActionIcon>
      </header>
      {facet.error ? (
        <Problem error={facet.error} retry={() => void facet.refetch()} />
      ) : !facet.data ? (
        <Loading rows={4} height={12} />
      ) : (
        <>
          {facet.data.histogram.length > 1 ? (
            <Histogram
              title={title}
              bins={facet.data.histogram}
              range={rangeOf(search.filter, field)}
              onRange={(range) => setFilter(withRange(search.filter, field, range))}
            />
          ) : (
            <FacetValues facet={facet.data} filter={search.filter} onFilter={setFilter} />
          )}
          <Absent facet={facet.data} filter={search.filter} onFilter={setFilter} />
          {facet.data.histogram.length <= 1 && facet.data.distinct > facet.data.values.length && (
            <button type="button" className={classes.moreValues} onClick={() => setLimit(limit + 20)}>
              Show more
            </button>
          )}
        </>
      )}
    </section>
  );
}

type ValuesProps = {
  facet: Facet;
  filter: Filter | undefined;
  onFilter: (filter: Filter | undefined) => void;
};

function FacetValues({ facet, filter, onFilter }: ValuesProps) {
  const most = Math.max(1, ...facet.values.map((value) => value.count));
  return (
    <ul className={classes.values}>
      {facet.values.map(({ value, count }) => {
        const state = valueState(filter, facet.field, value);
        return (
          <li key={JSON.stringify(value)}>
            <button
              type="button"
              className={classes.value}
              data-state={state}
              aria-pressed={state !== "none"}
              onClick={(event) => onFilter(conditionFor(filter, facet.field, value, event.altKey))}
            >
              <span className={classes.bar} style={{ width: `${(100 * count) / most}%` }} aria-hidden />
              {state === "excluded" && <IconMinus size={12} aria-label="excluded" />}
              <span className={classes.valueText}>
                <ValueText value={value} />
              </span>
              <span className={classes.number}>{number(count)}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Missing and null are values too when something is looked for. */
function Absent({ facet, filter, onFilter }: ValuesProps) {
  const lines: [string, number, Filter][] = [
    ["missing", facet.missing, { op: "exists", field: facet.field, exists: false }],
    ["null", facet.nulls, { op: "isNull", field: facet.field }],
  ];
  return (
    <ul className={classes.values}>
      {lines
        .filter(([, size]) => size > 0)
        .map(([word, size, part]) => {
          const on = parts(filter).some((other) => sameFilter(other, part));
          return (
            <li key={word}>
              <Tooltip label={`Records where it is ${word}`}>
                <button
                  type="button"
                  className={classes.value}
                  data-state={on ? "included" : "none"}
                  aria-pressed={on}
                  onClick={() => onFilter(toggledPart(filter, part))}
                >
                  <span className={classes.valueText}>
                    <em className="faint">{word}</em>
                  </span>
                  <span className={classes.number}>{number(size)}</span>
                </button>
              </Tooltip>
            </li>
          );
        })}
    </ul>
  );
}
