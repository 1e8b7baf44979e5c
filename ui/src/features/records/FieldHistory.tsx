/** Above the history of a record: since when each field has its value, by whom, and the way back for it alone. */
import { Button } from "@mantine/core";
import type { Ext, HistoryEntry } from "@/ipc";
import { Timestamp } from "@/shared/ui";
import { Change } from "@/shared/value/ValueText";
import { fieldTitle } from "@/shared/words/words";
import { fieldsSince, revertOf } from "./history.model";
import classes from "./panel.module.css";
import { useSave } from "./useSave";

type FieldHistoryProps = { collection: string; recordKey: Ext; entries: HistoryEntry[]; readOnly: boolean };

const nothing = () => undefined;

export function FieldHistory({ collection, recordKey, entries, readOnly }: FieldHistoryProps) {
  const { save, dialogs } = useSave(nothing);
  const fields = fieldsSince(entries);
  if (fields.length === 0) return null;
  return (
    <section aria-label="Changed fields">
      <h3 className={classes.historyTitle}>Changed fields</h3>
      <ul className={classes.history}>
        {fields.map((field) => (
          <li key={field.change.path} className={classes.entry}>
            <div className={classes.entryHead}>
              <strong>{fieldTitle(field.change.path)}</strong>
              <span className="dim">since</span>
              <Timestamp at={field.at} />
              <span className="dim">by {field.actor}</span>
              {!readOnly && (
                <Button
                  variant="subtle"
                  size="compact-xs"
                  aria-label={`Revert ${fieldTitle(field.change.path)}`}
                  onClick={() => void save(revertOf(collection, recordKey, field))}
                >
                  Revert this field
                </Button>
              )}
            </div>
            <div className={classes.fieldChange}>
              <Change before={field.change.before} after={field.change.after} />
            </div>
          </li>
        ))}
      </ul>
      <h3 className={classes.historyTitle}>All changes</h3>
      {dialogs}
    </section>
  );
}
