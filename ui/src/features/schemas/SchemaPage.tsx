/** One schema: its fields with their rules, the JSON itself, what it is about and how it changed. */
import { Button, SegmentedControl } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { SchemaDetail, SchemaField } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { JsonEditor } from "@/shared/json/JsonEditor";
import { useGo } from "@/shared/nav";
import { Loaded, Page, Panel, Tag } from "@/shared/ui";
import { choiceList } from "@/shared/words/words";
import { Markdown } from "./Markdown";
import { RemoveSchema } from "./RemoveSchema";
import classes from "./schemas.module.css";
import { Versions } from "./Versions";

const tabs = [
  { value: "fields", label: "Fields" },
  { value: "json", label: "JSON Schema" },
  { value: "readme", label: "About" },
  { value: "changelog", label: "Changes" },
];

export function SchemaPage() {
  const { schemaId } = useParams({ from: "/schemas/$schemaId" });
  const schema = useCall("schemas.get", { schema: schemaId });
  const [tab, setTab] = useState("fields");
  const go = useGo();
  return (
    <Page
      title={schema.data?.summary.title ?? "Schema"}
      about={<span className="mono">{schemaId}</span>}
      actions={
        <>
          <SegmentedControl aria-label="Part of the schema" value={tab} onChange={setTab} data={tabs} />
          {schema.data && !schema.data.summary.builtin && <RemoveSchema schema={schema.data.summary} />}
          <Button
            variant="default"
            leftSection={<IconArrowLeft size={14} />}
            onClick={() => go.place("/schemas")}
          >
            All schemas
          </Button>
        </>
      }
    >
      <Loaded query={schema}>{(data) => <Part schema={data} tab={tab} />}</Loaded>
    </Page>
  );
}

function Part({ schema, tab }: { schema: SchemaDetail; tab: string }) {
  switch (tab) {
    case "json":
      return (
        <div className={classes.json}>
          <JsonEditor label="JSON Schema" text={JSON.stringify(schema.json, null, 2)} readOnly />
        </div>
      );
    case "readme":
      return <Markdown text={schema.readme || "This schema has no description."} />;
    case "changelog":
      return (
        <div className={classes.changes}>
          <Versions versions={schema.versions} current={schema.summary.id} />
          {schema.changelog && <Markdown text={schema.changelog} />}
        </div>
      );
    default:
      return <Fields schema={schema} />;
  }
}

function Fields({ schema }: { schema: SchemaDetail }) {
  return (
    <Panel>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Field</th>
            <th>Type</th>
            <th>Required</th>
            <th>Rules</th>
            <th>Description</th>
          </tr>
        </thead>
        <tbody>
          {schema.fields.map((field) => (
            <FieldLine key={field.name} field={field} isKey={field.name === schema.summary.keyField} />
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

function FieldLine({ field, isKey }: { field: SchemaField; isKey: boolean }) {
  const types = choiceList(field.types.filter((type) => type !== "null"));
  return (
    <tr>
      <td>
        <div className={classes.fieldName}>{field.title}</div>
        <div className="mono faint">{field.name}</div>
      </td>
      <td>
        {types}
        {field.format && <span className="faint"> ({field.format})</span>}
        {field.types.includes("null") && <div className="faint">or null</div>}
      </td>
      <td>
        {isKey ? (
          <Tag tone="accent">key</Tag>
        ) : field.required ? (
          <Tag>required</Tag>
        ) : (
          <span className="faint">optional</span>
        )}
      </td>
      <td>
        {field.rules}
        {field.choices.length > 0 && (
          <div className={classes.choices}>
            {field.choices
              .filter((choice) => choice !== null)
              .map((choice) => (
                <Tag key={String(choice)}>{String(choice)}</Tag>
              ))}
          </div>
        )}
      </td>
      <td className="dim">{field.description}</td>
    </tr>
  );
}
