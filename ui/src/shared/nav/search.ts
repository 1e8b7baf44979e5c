/** What the address of a page holds, so that a view can be copied as a link. Pure. */
import type { Ext, Filter, Finding, MetricName } from "@/ipc";

export type RecordTab = "form" | "json" | "history";

export type RecordsSearch = {
  /** Collection. */
  c?: string;
  /** Words searched for. */
  q?: string;
  filter?: Filter;
  sort?: string;
  desc?: boolean;
  /** Only the records that failed this figure. */
  finding?: Finding;
  /** Key of the record in the panel. */
  open?: Ext;
  tab?: RecordTab;
  /** The record fills the page. */
  full?: boolean;
  /** A new record is being filled in. */
  adding?: boolean;
};

export type QuarantineSearch = {
  rule?: string;
  field?: string;
  run?: string;
  file?: string;
  /** `none`: rows that were loaded without a schema. */
  schema?: string;
  status?: string;
  entry?: string;
  /** The rows as a grid, not as a list. */
  as?: string;
};

export type CollectionSearch = { c?: string };

/** `ask`: the recent workspace whose password is missing. */
export type StartSearch = { ask?: string };

const findings: readonly MetricName[] = ["completeness", "adherence", "uniqueness", "freshness"];

type Raw = Record<string, unknown>;

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Leaves out what is not set: the address stays short. */
function compact<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
}

export function readRecordsSearch(raw: Raw): RecordsSearch {
  const finding = findings.find((name) => name === raw.finding);
  const tab = (["form", "json", "history"] as const).find((name) => name === raw.tab);
  const filter = raw.filter;
  return compact({
    c: text(raw, "c"),
    q: text(raw, "q"),
    filter: typeof filter === "object" && filter !== null && "op" in filter ? (filter as Filter) : undefined,
    sort: text(raw, "sort"),
    desc: raw.desc === true ? true : undefined,
    finding,
    open: raw.open === undefined || raw.open === null ? undefined : (raw.open as Ext),
    tab,
    full: raw.full === true ? true : undefined,
    adding: raw.adding === true ? true : undefined,
  }) as RecordsSearch;
}

export function readQuarantineSearch(raw: Raw): QuarantineSearch {
  const names = ["rule", "field", "run", "file", "schema", "status", "entry", "as"] as const;
  return compact(Object.fromEntries(names.map((name) => [name, text(raw, name)]))) as QuarantineSearch;
}

export function readCollectionSearch(raw: Raw): CollectionSearch {
  return compact({ c: text(raw, "c") }) as CollectionSearch;
}

export function readStartSearch(raw: Raw): StartSearch {
  return compact({ ask: text(raw, "ask") }) as StartSearch;
}
