/** Named views: filter, order and arrangement under a name, kept in the workspace for everybody. */
import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { IconBookmark, IconBookmarkPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, call } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { type RecordsSearch, readRecordsSearch } from "@/shared/nav";
import { type Layout, readLayout } from "@/shared/table";
import { showError, showNote } from "@/shared/ui";
import { useRecordsSearch } from "./useRecordsSearch";

type ViewsProps = { collection: string; layout: Layout; onLayout: (layout: Layout) => void };

type Stored = { search: RecordsSearch; layout: Layout };

function readView(value: unknown): Stored {
  const raw = (typeof value === "object" && value !== null ? value : {}) as {
    search?: unknown;
    layout?: unknown;
  };
  return {
    search: readRecordsSearch((raw.search ?? {}) as Record<string, unknown>),
    layout: readLayout(raw.layout),
  };
}

export function Views({ collection, layout, onLayout }: ViewsProps) {
  const prefix = `view.${collection}.`;
  const views = useCall("settings.list", { prefix });
  const { search, change } = useRecordsSearch();
  const [naming, setNaming] = useState(false);

  const apply = (value: unknown) => {
    const view = readView(value);
    onLayout(view.layout);
    const { q, filter, sort, desc, finding } = view.search;
    change({ q, filter, sort, desc, finding });
  };
  const attempt = (work: Promise<unknown>, note: string) =>
    work.then(
      () => {
        showNote(note);
        void views.refetch();
      },
      (thrown: unknown) => showError(asApiError(thrown)),
    );
  const save = (name: string) => {
    const { q, filter, sort, desc, finding } = search;
    const value: Stored = { search: readRecordsSearch({ q, filter, sort, desc, finding }), layout };
    void attempt(call("settings.set", { name: prefix + name, value }), `View “${name}” saved.`);
  };
  const list = views.data?.settings ?? [];

  return (
    <>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <ActionIcon aria-label="Views" title="Views">
            <IconBookmark size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{list.length === 0 ? "No named views yet" : "Views"}</Menu.Label>
          {list.map((view) => (
            <Group key={view.name} wrap="nowrap" gap={2}>
              <Menu.Item onClick={() => apply(view.value)}>{view.name.slice(prefix.length)}</Menu.Item>
              <ActionIcon
                size={22}
                aria-label={`Remove view ${view.name.slice(prefix.length)}`}
                onClick={() => void attempt(call("settings.remove", { name: view.name }), "View removed.")}
              >
                <IconTrash size={13} />
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconBookmarkPlus size={14} />} onClick={() => setNaming(true)}>
            Save this view…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <NameDialog opened={naming} onClose={() => setNaming(false)} onName={save} />
    </>
  );
}

type NameProps = { opened: boolean; onClose: () => void; onName: (name: string) => void };

function NameDialog({ opened, onClose, onName }: NameProps) {
  const [name, setName] = useState("");
  return (
    <Modal opened={opened} onClose={onClose} title="Save this view" size="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() === "") return;
          onName(name.trim());
          setName("");
          onClose();
        }}
      >
        <TextInput
          label="Name"
          description="Filter, order, columns and widths are kept under it."
          value={name}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="md">
          <Button type="submit" disabled={name.trim() === ""}>
            Save view
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
