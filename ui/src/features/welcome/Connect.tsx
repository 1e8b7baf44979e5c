/** Connecting to MongoDB: each step is tried and reported, then the workspace is opened. */
import { Button, Checkbox, Group, Stack, TextInput } from "@mantine/core";
import { IconArrowLeft, IconPlugConnected } from "@tabler/icons-react";
import { useState } from "react";
import type { WorkspaceTarget } from "@/ipc";
import { KeepPassword, Report } from "@/shared/connection";
import { useAction, useCall } from "@/shared/data/queries";
import { Problem } from "@/shared/ui";
import classes from "./welcome.module.css";

type ConnectProps = { onCancel: () => void; onOpen: (target: WorkspaceTarget) => void; busy: boolean };

export function Connect({ onCancel, onOpen, busy }: ConnectProps) {
  const [uri, setUri] = useState("mongodb://");
  const [remember, setRemember] = useState(true);
  const [production, setProduction] = useState(false);
  const keyring = useCall("app.info", {}).data?.keyring ?? false;
  const test = useAction("workspace.testConnection");
  const tested = test.data !== undefined && test.variables?.uri === uri;
  const ready = tested && test.data?.ok;
  return (
    <section className={classes.card} aria-label="Connect to MongoDB">
      <h2>Connect to MongoDB</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onOpen({ by: "mongo", uri, remember: remember && keyring, production });
          else test.mutate({ uri });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label="Address"
            description="Ends with the database name: mongodb://user:password@host:27017/careers"
            classNames={{ input: "mono" }}
            value={uri}
            data-autofocus
            autoFocus
            spellCheck={false}
            autoComplete="off"
            onChange={(event) => setUri(event.currentTarget.value)}
          />
          <KeepPassword keyring={keyring} checked={remember} onChange={setRemember} />
          <Checkbox
            label="This is a production workspace"
            description="Destructive actions will ask you to type its name."
            checked={production}
            onChange={(event) => setProduction(event.currentTarget.checked)}
          />
          {test.error && <Problem error={test.error} />}
          {tested && test.data && <Report report={test.data} />}
          <Group justify="space-between">
            <Button variant="default" leftSection={<IconArrowLeft size={14} />} onClick={onCancel}>
              Back
            </Button>
            <Group gap="xs">
              <Button
                type={ready ? "button" : "submit"}
                variant={ready ? "default" : "filled"}
                loading={test.isPending}
                disabled={uri.length < 12}
                leftSection={<IconPlugConnected size={14} />}
                onClick={ready ? () => test.mutate({ uri }) : undefined}
              >
                {tested ? "Test again" : "Test the connection"}
              </Button>
              {ready && (
                <Button type="submit" loading={busy}>
                  Open the workspace
                </Button>
              )}
            </Group>
          </Group>
        </Stack>
      </form>
    </section>
  );
}
