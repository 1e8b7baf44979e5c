/** Mappings that were saved in this workspace: rename, write to a file, remove. */
import { ActionIcon, Button, Group, Menu, Modal, TextInput } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { type ApiError, asApiError, call, type SavedMapping } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { saveFile, useNativeFiles } from "@/shared/files";
import { ConfirmDialog, Loaded, Panel, showError, showSaved, Tag, Timestamp } from "@/shared/ui";
import { count } from "@/shared/words/words";
import classes from "./settings.module.css";

export function MappingsPanel({ readOnly }: { readOnly: boolean }) {
  const saved = useCall("mappings.list", {});
  return (
    <Panel title="Saved mappings">
      <Loaded query={saved} rows={2}>
        {({ mappings }) =>
          mappings.length === 0 ? (
            <p className={classes.hint}>
              A mapping says how the columns of a file become fields. Save one while importing a file, and it
              is there for the next file of that kind.
            </p>
          ) : (
            <ul className={classes.mappings} aria-label="Saved mappings">
              {mappings.map((one) => (
                <Line key={one.name} saved={one} readOnly={readOnly} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Line({ saved, readOnly }: { saved: SavedMapping; readOnly: boolean }) {
  const native = useNativeFiles();
  const [asked, setAsked] = useState<"rename" | "remove">();
  const { name, mapping } = saved;
  const write = () => saveFile(native, `${name}.json`, (file) => call("mappings.write", { file, mapping }));
  return (
    <li>
      <div>
        <strong>{name}</strong> <span className="faint">{count(mapping.rules?.length ?? 0, "rule")}</span>
        <div className="faint">
          {saved.by}, <Timestamp at={saved.updatedAt} />
        </div>
      </div>
      {saved.schema !== "" && <Tag>{saved.schema}</Tag>}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={`More about ${name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={readOnly} onClick={() => setAsked("rename")}>
            Rename…
          </Menu.Item>
          <Menu.Item onClick={() => void write()}>To a file…</Menu.Item>
          <Menu.Item color="red" disabled={readOnly} onClick={() => setAsked("remove")}>
            Remove…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={asked === "rename"} onClose={() => setAsked(undefined)} title={`Rename “${name}”`}>
        {asked === "rename" && <RenameForm saved={saved} onDone={() => setAsked(undefined)} />}
      </Modal>
      <RemoveDialog saved={saved} opened={asked === "remove"} onClose={() => setAsked(undefined)} />
    </li>
  );
}

function RenameForm({ saved, onDone }: { saved: SavedMapping; onDone: () => void }) {
  const [name, setName] = useState(saved.name);
  const [error, setError] = useState<ApiError>();
  const rename = async () => {
    try {
      const { schema, mapping } = saved;
      await call("mappings.save", { name, schema, mapping, replace: false, renamedFrom: saved.name });
      onDone();
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void rename();
      }}
    >
      <TextInput
        label="Name"
        value={name}
        maxLength={100}
        data-autofocus
        error={error && `${error.message} ${error.hint ?? ""}`}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Group justify="flex-end" mt="sm">
        <Button type="submit" disabled={name.trim() === ""}>
          Rename
        </Button>
      </Group>
    </form>
  );
}

type RemoveProps = { saved: SavedMapping; opened: boolean; onClose: () => void };

function RemoveDialog({ saved, opened, onClose }: RemoveProps) {
  const { name, schema, mapping } = saved;
  const again = () => {
    call("mappings.save", { name, schema, mapping, replace: false }).catch((thrown: unknown) =>
      showError(asApiError(thrown)),
    );
  };
  const remove = async () => {
    try {
      await call("mappings.remove", { name });
      onClose();
      showSaved(`The mapping “${name}” is removed.`, again);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <ConfirmDialog
      opened={opened}
      title={`Remove “${name}”`}
      action="Remove the mapping"
      undo="It can be brought back right afterwards."
      onClose={onClose}
      onConfirm={() => void remove()}
    >
      Records stay as they are, and imports that used it keep what they used.
    </ConfirmDialog>
  );
}
