/** From a row that was imported to the record that it became. */
import { Button } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import type { Ext, QuarantineEntry } from "@/ipc";
import { useCollections } from "@/shared/data/workspace";
import { useGo } from "@/shared/nav";
import { keyText } from "@/shared/value/model";
import { valueAt } from "@/shared/value/path";

export function RecordLink({ entry }: { entry: QuarantineEntry }) {
  const go = useGo();
  const keyField = useCollections().find(({ name }) => name === entry.collection)?.keyField;
  // Rows that were imported by an older version do not name their record.
  const key: Ext | undefined = entry.recordKey ?? (keyField ? valueAt(entry.document, keyField) : undefined);
  if (key === undefined || key === null) return null;
  return (
    <Button
      variant="light"
      size="compact-sm"
      rightSection={<IconArrowRight size={14} />}
      onClick={() => go.records({ c: entry.collection, open: key })}
    >
      Open record {keyText(key)}
    </Button>
  );
}
