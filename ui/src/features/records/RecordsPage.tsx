/** Records of one collection: what fits the filter in a grid, what is wrong with it in sight, one record at the right. */
import { Button } from "@mantine/core";
import { IconDatabaseImport, IconTable } from "@tabler/icons-react";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { useCurrentCollection, useGo } from "@/shared/nav";
import { Empty, Loading, Page } from "@/shared/ui";
import { RecordsView } from "./RecordsView";

export function RecordsPage() {
  const workspace = useWorkspace();
  const collection = useCurrentCollection();
  const list = useCall("collections.list", {});
  const go = useGo();
  if (collection && workspace) {
    return <RecordsView key={collection.name} collection={collection} workspace={workspace} />;
  }
  return (
    <Page title="Records">
      {list.data ? (
        <Empty
          icon={<IconTable size={34} stroke={1.3} />}
          title="There are no records yet"
          action={
            <Button leftSection={<IconDatabaseImport size={15} />} onClick={() => go.place("/imports")}>
              Import a file
            </Button>
          }
        >
          A collection appears here with the first import. Files are checked against their schema first, and
          rows that break a rule wait in quarantine.
        </Empty>
      ) : (
        <Loading />
      )}
    </Page>
  );
}
