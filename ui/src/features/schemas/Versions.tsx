/** The versions of a pack, newest first: who brought them, and what each one changed. */
import { Link } from "@tanstack/react-router";
import type { SchemaVersion } from "@/ipc";
import { Panel, Tag, Timestamp } from "@/shared/ui";
import classes from "./schemas.module.css";

export function Versions({ versions, current }: { versions: SchemaVersion[]; current: string }) {
  return (
    <Panel title="Versions">
      <section className={classes.versions} aria-label="Versions">
        {versions.map((version) => (
          <div key={version.id}>
            <div className={classes.versionHead}>
              <Link
                to="/schemas/$schemaId"
                params={{ schemaId: version.id }}
                className={classes.versionLink ?? ""}
              >
                <strong>{version.version}</strong>
              </Link>
              {version.id === current && <Tag tone="accent">shown here</Tag>}
              {version.addedAt ? (
                <span className="dim">
                  added <Timestamp at={version.addedAt} /> by {version.by} from {version.file}
                </span>
              ) : (
                <span className="dim">comes with Steward</span>
              )}
            </div>
            {version.changes.length > 0 && (
              <ul>
                {version.changes.map((change) => (
                  <li key={change}>{change}</li>
                ))}
              </ul>
            )}
          </div>
        ))}
      </section>
    </Panel>
  );
}
