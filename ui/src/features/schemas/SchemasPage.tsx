/** Schema packs: what kinds of records are known here. */
import { IconTopologyStar3 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { SchemaSummary } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollections } from "@/shared/data/workspace";
import { Empty, Loaded, Page, Tag } from "@/shared/ui";
import { count } from "@/shared/words/words";
import classes from "./schemas.module.css";

export function SchemasPage() {
  const schemas = useCall("schemas.list", {});
  return (
    <Page title="Schemas">
      <Loaded query={schemas}>
        {(data) =>
          data.schemas.length === 0 ? (
            <Empty icon={<IconTopologyStar3 size={34} stroke={1.3} />} title="No schema is known here">
              A schema says what a record of a kind looks like, so that imports and edits can be checked.
            </Empty>
          ) : (
            <div className={classes.cards}>
              {data.schemas.map((schema) => (
                <Card key={schema.id} schema={schema} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

function Card({ schema }: { schema: SchemaSummary }) {
  const using = useCollections().filter((collection) => collection.schema === schema.id);
  return (
    <Link to="/schemas/$schemaId" params={{ schemaId: schema.id }} className={classes.card}>
      <span className={classes.cardHead}>
        <strong>{schema.title}</strong>
        <span className="mono dim">{schema.id}</span>
        {schema.builtin && <Tag>built in</Tag>}
      </span>
      <span className="dim">{schema.description}</span>
      <span className="faint">
        {using.length === 0
          ? `For collection ${schema.collection}, not used yet`
          : using
              .map((collection) => `${collection.name}: ${count(collection.records, "record")}`)
              .join(", ")}
      </span>
    </Link>
  );
}
