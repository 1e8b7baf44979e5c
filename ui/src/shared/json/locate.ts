/** Where a JSON Pointer points to in a text of JSON. Pure. */

type Span = { from: number; to: number };

/** The span of the value; of the nearest parent where the value is missing. The text has to be valid JSON. */
export function locate(text: string, pointer: string): Span {
  const path = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let span = valueSpan(text, 0);
  for (const name of path) {
    const inner = childSpan(text, span, name);
    if (!inner) return { from: span.from, to: Math.min(span.to, span.from + 1) };
    span = inner;
  }
  return span;
}

function skipSpace(text: string, at: number): number {
  let here = at;
  while (/\s/.test(text.charAt(here))) here += 1;
  return here;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function valueSpan(text: string, start: number): Span {
  const from = skipSpace(text, start);
  const first = text[from];
  if (first === '"') return { from, to: stringEnd(text, from) };
  if (first !== "{" && first !== "[") {
    let to = from;
    while (to < text.length && !/[\s,\]}]/.test(text.charAt(to))) to += 1;
    return { from, to };
  }
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const here = text[at];
    if (here === '"') {
      at = stringEnd(text, at);
      continue;
    }
    if (here === "{" || here === "[") depth += 1;
    if (here === "}" || here === "]") depth -= 1;
    at += 1;
    if (depth === 0) break;
  }
  return { from, to: at };
}

function childSpan(text: string, parent: Span, name: string): Span | undefined {
  const isList = text[parent.from] === "[";
  if (!isList && text[parent.from] !== "{") return undefined;
  let at = skipSpace(text, parent.from + 1);
  for (let index = 0; at < parent.to - 1; index += 1) {
    let key = String(index);
    if (!isList) {
      const end = stringEnd(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = skipSpace(text, end) + 1;
    }
    const span = valueSpan(text, at);
    if (key === name) return span;
    at = skipSpace(text, span.to);
    if (text[at] !== ",") return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
}
