/** All changes of a record, newest first, each with its differences and the way back to before it. */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, call, type Ext, type HistoryEntry } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { Empty, Loaded, showError, showNote, showWarning, Tag, Timestamp } from "@/shared/ui";
import { rememberChange } from "@/shared/undo/undo";
import { RecordChangeView } from "@/shared/value/DiffList";
import { FieldHistory } from "./FieldHistory";
import classes from "./panel.module.css";

type HistoryProps = { collection: string; recordKey: Ext; readOnly: boolean };

export function RecordHistoryTab({ collection, recordKey, readOnly }: HistoryProps) {
  const history = useCall("records.history", { collection, key: recordKey });
  const [asked, setAsked] = useState<HistoryEntry>();
  const revert = async (entry: HistoryEntry) => {
    setAsked(undefined);
    try {
      const outcome = await call("records.revert", {
        collection,
        key: recordKey,
        changeSet: entry.changeSet.id,
      });
      if (outcome.status === "applied") rememberChange(outcome.changeSet);
      else if (outcome.status === "unchanged")
        showNote("The record is already as it was before this change.");
      else
        showWarning(
          "The record could not be reverted.",
          "Its earlier state breaks rules, or it was changed in the meantime.",
        );
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <Loaded query={history}>
      {({ entries }) =>
        entries.length === 0 ? (
          <Empty icon={<IconHistory size={30} stroke={1.4} />} title="No changes recorded">
            Records from a first bulk load are listed with their import. Every later edit is listed here.
          </Empty>
        ) : (
          <>
            <FieldHistory
              collection={collection}
              recordKey={recordKey}
              entries={entries}
              readOnly={readOnly}
            />
            <ol className={classes.history}>
              {entries.map((entry, at) => (
                <li key={entry.changeSet.id} className={classes.entry}>
                  <div className={classes.entryHead}>
                    <Timestamp at={entry.changeSet.at} />
                    <span className="dim">{entry.changeSet.actor}</span>
                    <Tag>{entry.changeSet.kind}</Tag>
                    {!readOnly && at < entries.length && entry.change.op === "update" && (
                      <Button variant="subtle" size="compact-xs" onClick={() => setAsked(entry)}>
                        Revert to before this
                      </Button>
                    )}
                  </div>
                  <RecordChangeView change={entry.change} title={entry.changeSet.summary} />
                </li>
              ))}
              <Modal
                opened={asked !== undefined}
                onClose={() => setAsked(undefined)}
                title="Revert the record?"
              >
                <Stack gap="sm">
                  <Text size="sm">
                    The record gets the values it had before this change. Changes made since are undone as
                    well; Undo restores them.
                  </Text>
                  <Button data-autofocus onClick={() => asked && void revert(asked)}>
                    Revert the record
                  </Button>
                </Stack>
              </Modal>
            </ol>
          </>
        )
      }
    </Loaded>
  );
}
