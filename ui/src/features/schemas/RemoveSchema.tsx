/** Takes a pack of the workspace's own away; one that something uses stays, and says why. */
import { Button } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { SchemaSummary } from "@/ipc";
import { useAction } from "@/shared/data/queries";
import { useGo } from "@/shared/nav";
import { ConfirmDialog, showSaved } from "@/shared/ui";

export function RemoveSchema({ schema }: { schema: SchemaSummary }) {
  const [asking, setAsking] = useState(false);
  const remove = useAction("schemas.remove");
  const go = useGo();
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={14} />} onClick={() => setAsking(true)}>
        Remove…
      </Button>
      <ConfirmDialog
        opened={asking}
        title={`Remove ${schema.id}`}
        action="Remove the schema"
        destructive
        busy={remove.isPending}
        error={remove.error}
        onClose={() => {
          setAsking(false);
          remove.reset();
        }}
        onConfirm={() =>
          remove.mutate(
            { schema: schema.id },
            {
              onSuccess: () => {
                showSaved(`${schema.id} removed.`);
                go.place("/schemas");
              },
            },
          )
        }
      >
        The schema is removed from this workspace. Records are not affected. A schema that is in use cannot be
        removed.
      </ConfirmDialog>
    </>
  );
}
