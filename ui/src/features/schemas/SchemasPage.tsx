/** Schema packs: what kinds of records are known here. */
import { Button } from "@mantine/core";
import { IconPlus, IconTopologyStar3 } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Fragment, useEffect, useState } from "react";
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
              {packsOf(data.schemas).map((versions) => (
                <Card key={versions[0].id} versions={versions} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Page>
  );
}

type Pack = [SchemaSummary, ...SchemaSummary[]];

/** The versions of each pack, newest first; packs in the order in which they come. */
function packsOf(schemas: SchemaSummary[]): Pack[] {
  const packs = new Map<string, Pack>();
  for (const schema of schemas) {
    const pack = packs.get(schema.pack);
    if (!pack) packs.set(schema.pack, [schema]);
    else pack.push(schema);
  }
  const newestFirst = (one: SchemaSummary, other: SchemaSummary) =>
    other.version.localeCompare(one.version, "en", { numeric: true });
  return [...packs.values()].map((pack) => pack.sort(newestFirst));
}

/** One pack: its newest version, the others, and where it is used. */
function Card({ versions }: { versions: Pack }) {
  const collections = useCollections();
  const [newest] = versions;
  const using = collections.filter(({ schema }) => versions.some(({ id }) => id === schema));
  return (
    <article className={classes.card}>
      <Link to="/schemas/$schemaId" params={{ schemaId: newest.id }} className={classes.cardHead}>
        <strong>{newest.title}</strong>
        <span className="mono dim">{newest.id}</span>
        {newest.builtin ? <Tag>built in</Tag> : <Tag tone="accent">added here</Tag>}
      </Link>
      <span className="dim">{newest.description}</span>
      {versions.length > 1 && (
        <span className="faint">
          Versions:{" "}
          {versions.map((version, at) => (
            <Fragment key={version.id}>
              {at > 0 && ", "}
              <Link
                to="/schemas/$schemaId"
                params={{ schemaId: version.id }}
                className={classes.versionLink ?? ""}
              >
                {version.version}
              </Link>
            </Fragment>
          ))}
        </span>
      )}
      <span className="faint">
        {using.length === 0
          ? `For collection ${newest.collection}, not used yet`
          : using
              .map(
                ({ name, records, schema }) =>
                  `${name}: ${count(records, "record")}${versions.length > 1 ? `, version ${schema?.split("@")[1] ?? ""}` : ""}`,
              )
              .join("; ")}
      </span>
    </article>
  );
}
