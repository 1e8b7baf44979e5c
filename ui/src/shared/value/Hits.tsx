/** What was searched for, marked where it stands in a value. */
import { Highlight } from "@mantine/core";
import { createContext, useContext } from "react";

/** The terms of the search that led to what is shown; none without a search. */
export const SearchedFor = createContext<readonly string[]>([]);

/** A cell shows one line: a text whose first hit is far from its beginning is shown from shortly before the hit. */
export function fromFirst(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase();
  const hits = terms.map((term) => lower.indexOf(term.toLowerCase())).filter((at) => at >= 0);
  const first = Math.min(...hits);
  return hits.length > 0 && first > 24 ? `…${text.slice(first - 12)}` : text;
}

/** A text with the terms in it marked. */
export function Hits({ children }: { children: string }) {
  const terms = useContext(SearchedFor);
  if (terms.length === 0) return <>{children}</>;
  return (
    <Highlight component="span" inherit highlight={[...terms]}>
      {fromFirst(children, terms)}
    </Highlight>
  );
}

/** A number is written with separators and searched for without: it is marked as a whole. */
export function NumberHits({ plain, children }: { plain: string; children: string }) {
  const terms = useContext(SearchedFor);
  return terms.some((term) => plain.includes(term)) ? <mark>{children}</mark> : children;
}
