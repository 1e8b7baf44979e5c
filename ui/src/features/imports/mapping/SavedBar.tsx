/** Saved mappings: load one, save this one, as a name in the workspace or as a file. */
import { Button, Menu, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconDeviceFloppy, IconFolderOpen } from "@tabler/icons-react";
import { useState } from "react";
import { type ApiError, asApiError, call, type Mapping } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { pickFiles, saveFile, useNativeFiles } from "@/shared/files";
import { showError, showSaved } from "@/shared/ui";

type BarProps = {
  mapping: Mapping;
  schema: string;
  readOnly: boolean;
  /** The name under which it was saved or loaded. */
  onNamed: (mapping: Mapping) => void;
  onLoad: (mapping: Mapping) => void;
};

export function SavedBar({ mapping, schema, readOnly, onNamed, onLoad }: BarProps) {
  const saved = useCall("mappings.list", {}).data?.mappings ?? [];
  const native = useNativeFiles();
  const [saving, setSaving] = useState(false);
  const readFile = async () => {
    try {
      const [file] = await pickFiles(native, "import", false);
      if (file) onLoad((await call("mappings.read", { file: file.id })).mapping);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  const writeFile = () =>
    saveFile(native, `${mapping.name || "mapping"}.json`, (file) =>
      call("mappings.write", { file, mapping }),
    );
  return (
    <>
      <Menu position="top-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconFolderOpen size={14} />}>
            Load
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah={340} style={{ overflow: "auto" }}>
          <Menu.Label>{saved.length === 0 ? "No saved mappings yet" : "Saved mappings"}</Menu.Label>
          {saved.map((one) => (
            <Menu.Item key={one.name} onClick={() => onLoad(one.mapping)}>
              {one.name}
              {one.schema !== "" && one.schema !== schema && (
                <Text span size="xs" c="dimmed">
                  {" "}
                  for {one.schema}
                </Text>
              )}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={() => void readFile()}>Import from a file…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Menu position="top-start">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDeviceFloppy size={14} />}>
            Save
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={readOnly} onClick={() => setSaving(true)}>
            Save as…
          </Menu.Item>
          <Menu.Item onClick={() => void writeFile()}>Export to a file…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={saving} onClose={() => setSaving(false)} title="Save the mapping">
        {saving && (
          <SaveForm
            mapping={mapping}
            schema={schema}
            names={saved.map((one) => one.name)}
            onDone={(named) => {
              setSaving(false);
              onNamed(named);
            }}
          />
        )}
      </Modal>
    </>
  );
}

type SaveProps = { mapping: Mapping; schema: string; names: string[]; onDone: (mapping: Mapping) => void };

function SaveForm({ mapping, schema, names, onDone }: SaveProps) {
  const [name, setName] = useState(mapping.name ?? "");
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const exists = names.includes(name.trim());
  const save = async () => {
    setBusy(true);
    try {
      const saved = await call("mappings.save", { name, schema, mapping, replace: exists });
      showSaved(`Mapping “${saved.name}” saved.`);
      onDone(saved.mapping);
    } catch (thrown) {
      setError(asApiError(thrown));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // A form inside a page with a form of its own.
        event.stopPropagation();
        void save();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          value={name}
          maxLength={100}
          data-autofocus
          error={error?.message}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {exists && (
          <Text size="sm" c="dimmed">
            A mapping with this name exists and will be replaced. Earlier imports are not affected.
          </Text>
        )}
        {names.length > 0 && !exists && (
          <Select
            label="Or replace"
            placeholder="an existing mapping"
            data={names}
            value={null}
            onChange={(next) => next && setName(next)}
          />
        )}
        <Button type="submit" loading={busy} disabled={name.trim() === ""}>
          {exists ? `Replace “${name.trim()}”` : "Save"}
        </Button>
      </Stack>
    </form>
  );
}
