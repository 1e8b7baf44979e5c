/** Schema packs: what kinds of records are known here. */
import { Button } from "@mantine/core";
import { IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { asApiError, type FileHandle, type SchemaSummary } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollections, useWorkspace } from "@/shared/data/workspace";
import { pickFiles, takeDropped, useDropped, useNativeFiles } from "@/shared/files";
import { Empty, Loaded, Page, showError, Tag } from "@/shared/ui";
import { count } from "@/shared/words/words";
import { AddSchema } from "./AddSchema";
import classes from "./schemas.module.css";

export function SchemasPage() {
  const schemas = useCall("schemas.list", {});
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [offered, setOffered] = useState<FileHandle>();
  const native = useNativeFiles();
  const dropped = useDropped();
  useEffect(() => {
    if (dropped.length > 0) setOffered(takeDropped()[0]);
  }, [dropped]);
  const choose = async () => {
    try {
      const [file] = await pickFiles(native, "import", false);
      if (file) setOffered(file);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <Page
      title="Schemas"
      actions={
        <Button leftSection={<IconPlus size={14} />} disabled={readOnly} onClick={() => void choose()}>
          Add a schema
        </Button>
      }
    >
      {offered && <AddSchema key={offered.id} file={offered} onClose={() => setOffered(undefined)} />}
      <Loaded query={schemas}>
        {(data) =>
          data.schemas.length === 0 ? (
            <Empty icon={<IconTopologyStar3 size={34} stroke={1.3} />} title="No schemas yet">
              A schema defines the fields of a record and their rules, so that imports and edits can be
              checked.
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
        {schema.builtin ? <Tag>built in</Tag> : <Tag tone="accent">added here</Tag>}
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
