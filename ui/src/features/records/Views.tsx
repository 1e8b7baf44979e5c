/** Named views: filter, order and arrangement under a name, kept in the workspace for everybody. */
import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { IconBookmark, IconBookmarkPlus, IconPencil, IconTrash } from "@tabler/icons-react";
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

/** What a name is asked for: the view on screen, or one that has a name already. */
type Naming = { title: string; action: string; name: string; give: (name: string) => void };

export function Views({ collection, layout, onLayout }: ViewsProps) {
  const prefix = `view.${collection}.`;
  const views = useCall("settings.list", { prefix });
  const { search, change } = useRecordsSearch();
  const [naming, setNaming] = useState<Naming>();
  const list = (views.data?.settings ?? []).map((view) => ({
    name: view.name.slice(prefix.length),
    value: view.value,
  }));

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
  const set = (name: string, value: unknown) => call("settings.set", { name: prefix + name, value });
  const unset = (name: string) => call("settings.remove", { name: prefix + name });
  const save = (name: string) => {
    const { q, filter, sort, desc, finding } = search;
    const value: Stored = { search: readRecordsSearch({ q, filter, sort, desc, finding }), layout };
    void attempt(set(name, value), `View “${name}” saved.`);
  };
  // The new name first: whatever happens between the two, the view is kept.
  const rename = (from: string, value: unknown) => (to: string) => {
    if (to !== from)
      void attempt(
        set(to, value).then(() => unset(from)),
        `View “${from}” renamed to “${to}”.`,
      );
  };

  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <ActionIcon aria-label="Views" title="Views">
            <IconBookmark size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{list.length === 0 ? "No saved views yet" : "Views"}</Menu.Label>
          {list.map(({ name, value }) => (
            <Group key={name} wrap="nowrap" gap={2}>
              <Menu.Item onClick={() => apply(value)}>
                <span className="ellipsis">{name}</span>
              </Menu.Item>
              <ActionIcon
                size={22}
                aria-label={`Rename view ${name}`}
                onClick={() =>
                  setNaming({ title: "Rename this view", action: "Rename", name, give: rename(name, value) })
                }
              >
                <IconPencil size={13} />
              </ActionIcon>
              <ActionIcon
                size={22}
                aria-label={`Remove view ${name}`}
                onClick={() => void attempt(unset(name), `View “${name}” removed.`)}
              >
                <IconTrash size={13} />
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconBookmarkPlus size={14} />}
            onClick={() => setNaming({ title: "Save this view", action: "Save view", name: "", give: save })}
          >
            Save this view…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={naming !== undefined}
        onClose={() => setNaming(undefined)}
        title={naming?.title}
        size="sm"
      >
        {naming && (
          <NameForm
            naming={naming}
            taken={list.map((view) => view.name)}
            onClose={() => setNaming(undefined)}
          />
        )}
      </Modal>
    </>
  );
}

function NameForm({ naming, taken, onClose }: { naming: Naming; taken: string[]; onClose: () => void }) {
  const [name, setName] = useState(naming.name);
  const wanted = name.trim();
  const clash = wanted !== naming.name && taken.includes(wanted);
  // Saving under a known name replaces that view; renaming must not swallow another.
  const refused = wanted === "" || (clash && naming.name !== "");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (refused) return;
        naming.give(wanted);
        onClose();
      }}
    >
      <TextInput
        label="Name"
        description="The view saves filter, order, columns and widths."
        value={name}
        data-autofocus
        error={clash && naming.name !== "" ? "Another view has this name." : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Group justify="flex-end" mt="md">
        <Button type="submit" disabled={refused}>
          {clash && naming.name === "" ? "Replace the view" : naming.action}
        </Button>
      </Group>
    </form>
  );
}
