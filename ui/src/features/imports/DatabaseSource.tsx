/** Records of a MongoDB database elsewhere, or of another workspace file, as the source of an import. */
import { Button, Divider, Group, Modal, PasswordInput, Stack, TextInput } from "@mantine/core";
import { IconFile, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type FileHandle } from "@/ipc";
import { KeepPassword, Report } from "@/shared/connection";
import { useAction, useCall } from "@/shared/data/queries";
import { pickFiles, useNativeFiles } from "@/shared/files";
import { Problem, showError } from "@/shared/ui";

type SourceProps = { opened: boolean; onClose: () => void; onSource: (source: FileHandle) => void };

export function DatabaseSource({ opened, onClose, onSource }: SourceProps) {
  const native = useNativeFiles();
  const pick = async () => {
    try {
      const [file] = await pickFiles(native, "openWorkspace", false);
      if (file) onSource(file);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title="Import from a database"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="md">
        <Server onSource={onSource} />
        <Divider label="or" />
        <Group justify="space-between">
          <span className="dim">Another workspace file (.steward)</span>
          <Button variant="default" leftSection={<IconFile size={14} />} onClick={() => void pick()}>
            Choose a workspace file
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** The address of a server, tried stage by stage, then opened to read from. */
function Server({ onSource }: { onSource: (source: FileHandle) => void }) {
  const [uri, setUri] = useState("mongodb://");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(true);
  const keyring = useCall("app.info", {}).data?.keyring ?? false;
  const test = useAction("workspace.testConnection");
  const connect = useAction("imports.connect");
  const given = { uri, ...(password === "" ? {} : { password }) };
  const tested =
    test.data !== undefined && test.variables?.uri === uri && test.variables.password === given.password;
  const ready = tested && test.data?.ok;
  return (
    <form
      aria-label="MongoDB database"
      onSubmit={(event) => {
        event.preventDefault();
        if (!ready) test.mutate(given);
        else connect.mutate({ ...given, remember: remember && keyring }, { onSuccess: onSource });
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Address"
          description="Ends with the database name: mongodb://user@host:27017/careers"
          classNames={{ input: "mono" }}
          value={uri}
          data-autofocus
          spellCheck={false}
          autoComplete="off"
          onChange={(event) => setUri(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          description="Only if the address does not contain it. It is never stored with the import."
          value={password}
          autoComplete="off"
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <KeepPassword keyring={keyring} checked={remember} onChange={setRemember} />
        {test.error && <Problem error={test.error} />}
        {tested && test.data && <Report report={test.data} />}
        {connect.error && <Problem error={connect.error} />}
        <Group justify="flex-end" gap="xs">
          <Button
            type={ready ? "button" : "submit"}
            variant={ready ? "default" : "filled"}
            loading={test.isPending}
            disabled={uri.length < 12}
            leftSection={<IconPlugConnected size={14} />}
            onClick={ready ? () => test.mutate(given) : undefined}
          >
            {tested ? "Test again" : "Test the connection"}
          </Button>
          {ready && (
            <Button type="submit" loading={connect.isPending}>
              Read from this database
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
