/** What a form and a grid need to know of a JSON Schema. Pure. */
import type { Ext, ExtObject, SchemaDetail } from "@/ipc";
import { pathOf, segmentsOf } from "@/shared/value/path";
import { isObject } from "../value/model";
import { fieldTitle } from "../words/words";

export type FieldKind =
  | "text"
  | "longText"
  | "number"
  | "integer"
  | "boolean"
  | "choice"
  | "list"
  | "object"
  | "dateTime"
  | "json";

/** One field as a form draws it. */
export type FieldSpec = {
  path: string;
  name: string;
  title: string;
  description: string;
  kind: FieldKind;
  types: string[];
  required: boolean;
  nullable: boolean;
  choices: Ext[];
  example: string;
  children: FieldSpec[];
};

function textOf(value: Ext | undefined): string {
  return typeof value === "string" ? value : "";
}

function typesOf(schema: ExtObject): string[] {
  const type = schema.type;
  if (typeof type === "string") return [type];
  if (Array.isArray(type)) return type.filter((item): item is string => typeof item === "string");
  if (isObject(schema.properties)) return ["object"];
  return [];
}

function kindOfField(schema: ExtObject, types: string[]): FieldKind {
  const main = types.filter((type) => type !== "null");
  if (Array.isArray(schema.enum)) return "choice";
  if (main.length !== 1) return "json";
  switch (main[0]) {
    case "string":
      if (schema.format === "date-time") return "dateTime";
      return typeof schema.maxLength === "number" && schema.maxLength > 400 ? "longText" : "text";
    case "number":
      return "number";
    case "integer":
      return "integer";
    case "boolean":
      return "boolean";
    case "array":
      return takesTexts(schema) ? "list" : "json";
    case "object":
      return isObject(schema.properties) ? "object" : "json";
    default:
      return "json";
  }
}

function takesTexts(schema: ExtObject): boolean {
  const items = schema.items;
  return isObject(items) && typesOf(items).includes("string");
}

function fieldSpec(outer: string[], schema: ExtObject, required: boolean): FieldSpec {
  const name = outer.at(-1) ?? "";
  const types = typesOf(schema);
  const kind = kindOfField(schema, types);
  const example = Array.isArray(schema.examples) ? schema.examples[0] : undefined;
  return {
    path: pathOf(outer),
    name,
    title: textOf(schema.title) || fieldTitle(name),
    description: textOf(schema.description),
    kind,
    types,
    required,
    nullable: types.includes("null"),
    choices: Array.isArray(schema.enum) ? schema.enum.filter((choice) => choice !== null) : [],
    example: typeof example === "string" || typeof example === "number" ? String(example) : "",
    children: kind === "object" ? fieldsOf(schema, outer) : [],
  };
}

/** The fields of an object schema in the order in which they are written. */
export function fieldsOf(schema: ExtObject, outer: string[] = []): FieldSpec[] {
  if (!isObject(schema.properties)) return [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(schema.properties)
    .filter((entry): entry is [string, ExtObject] => isObject(entry[1]))
    .map(([name, property]) => fieldSpec([...outer, name], property, required.has(name)));
}

export function specsOf(detail: SchemaDetail | undefined): FieldSpec[] {
  return detail ? fieldsOf(detail.json as ExtObject) : [];
}

/** The spec of a path. */
export function specAt(specs: FieldSpec[], path: string): FieldSpec | undefined {
  for (const spec of specs) {
    if (spec.path === path) return spec;
    const outer = segmentsOf(spec.path);
    if (spec.children.length > 0 && pathOf(segmentsOf(path).slice(0, outer.length)) === spec.path)
      return specAt(spec.children, path);
  }
  return undefined;
}

/** All fields that hold one value, nested ones included. */
export function leaves(specs: FieldSpec[]): FieldSpec[] {
  return specs.flatMap((spec) => (spec.children.length > 0 ? leaves(spec.children) : [spec]));
}

/** A field that no schema names, drawn by what it holds. */
export function guessedSpec(name: string, value: Ext | undefined): FieldSpec {
  const kinds: Record<string, [FieldKind, string]> = {
    string: ["text", "string"],
    number: ["number", "number"],
    boolean: ["boolean", "boolean"],
  };
  const isTextList = Array.isArray(value) && value.every((item) => typeof item === "string");
  const [kind, type] = isTextList ? (["list", "array"] as const) : (kinds[typeof value] ?? ["json", ""]);
  return {
    path: pathOf([name]),
    name,
    title: fieldTitle(name),
    description: "This field is not in the schema.",
    kind,
    types: type === "" ? [] : [type],
    required: false,
    nullable: true,
    choices: [],
    example: "",
    children: [],
  };
}
