/** How a file is read: what can be chosen, in words. Pure. */
import type { Examined, Format, SourceChoice } from "@/ipc";

export type Option = { value: string; label: string };

const encodings = [
  "UTF-8",
  "UTF-16LE",
  "UTF-16BE",
  "windows-1252",
  "ISO-8859-2",
  "ISO-8859-15",
  "windows-1250",
  "windows-1251",
  "windows-1253",
  "windows-1254",
  "KOI8-R",
  "macintosh",
  "Shift_JIS",
  "EUC-JP",
  "EUC-KR",
  "gb18030",
  "Big5",
];

const signs: Record<string, string> = {
  ",": "comma ,",
  ";": "semicolon ;",
  "\\t": "tab",
  "|": "bar |",
  ":": "colon :",
  " ": "space",
};

const quotes: Record<string, string> = { '"': 'double "', "'": "single '", "`": "backtick `" };

/** Stands for "nothing" where a list of choices cannot hold an empty text. */
export const none = "(none)";

/** A list of choices that always holds the one that stands now. */
function withNow(options: Option[], now: string): Option[] {
  return now === "" || options.some((option) => option.value === now)
    ? options
    : [...options, { value: now, label: now }];
}

export function encodingOptions(now: string): Option[] {
  return withNow(
    encodings.map((value) => ({ value, label: value })),
    now,
  );
}

export function delimiterOptions(now: string): Option[] {
  return withNow(
    Object.entries(signs).map(([value, label]) => ({ value, label })),
    now,
  );
}

export function quoteOptions(now: string): Option[] {
  const known = Object.entries(quotes).map(([value, label]) => ({ value, label }));
  return withNow([...known, { value: none, label: "none" }], now === "" ? none : now);
}

const partNames: Partial<Record<Format, string>> = {
  excel: "Sheet",
  ods: "Sheet",
  sqlite: "Table",
  mongodump: "Collection",
  bson: "Collection",
  collection: "Collection",
  jsonObject: "List",
};

/** What a part of this source is called. */
export function partName(source: Examined): string {
  if (source.compression.split(" ").includes("zip") && source.format !== "jsonObject") return "File";
  return partNames[source.format] ?? "Part";
}

export function partOptions(source: Examined): Option[] {
  return source.parts.map((part) => {
    const name = part.name === "" ? "the object itself" : part.name;
    const rows = part.rows === undefined ? "" : ` (${part.rows} ${part.rows === 1 ? "row" : "rows"})`;
    return { value: part.name === "" ? none : part.name, label: name + rows };
  });
}

export type Controls = { part: boolean; encoding: boolean; dialect: boolean; header: boolean };

/** Which choices mean something for a source. */
export function controlsFor(source: Examined, choice: SourceChoice): Controls {
  const isTable = source.dialect !== undefined;
  const isText = source.encoding !== "";
  return {
    part: source.parts.length > 1 || choice.part !== undefined,
    encoding: isText,
    dialect: isTable || source.format === "unknown" || choice.delimiter !== undefined,
    header: isTable || source.format === "excel" || source.format === "ods",
  };
}

/** A choice with one part set, or given back to what is recognised. */
export function chosen(choice: SourceChoice, part: Partial<SourceChoice>): SourceChoice {
  return Object.fromEntries(
    Object.entries({ ...choice, ...part }).filter(([, value]) => value !== undefined),
  ) as SourceChoice;
}

export function isChosen(choice: SourceChoice): boolean {
  return Object.keys(choice).length > 0;
}

/** What to do with a file that has no rows to show. */
export function adviceFor(source: Examined): string | undefined {
  if (source.format === "empty")
    return "This file is empty. Choose another one, or check where it came from.";
  if (source.format === "unknown") {
    return "This file is not recognised. If it is a text table, choose its separator and its encoding; otherwise choose another file.";
  }
  return undefined;
}
