/** Asks for the password of a database that was opened before, and says why the keyring did not give it. */
import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useState } from "react";
import type { ApiError, WorkspaceTarget } from "@/ipc";
import { KeepPassword } from "@/shared/connection";
import { useCall } from "@/shared/data/queries";
import classes from "./welcome.module.css";

type Recent = Extract<WorkspaceTarget, { by: "recent" }>;

type Props = {
  target: Recent;
  why: ApiError;
  busy: boolean;
  onOpen: (target: WorkspaceTarget) => void;
  onCancel: () => void;
};

export function AskPassword({ target, why, busy, onOpen, onCancel }: Props) {
  const [password, setPassword] = useState("");
  const keyring = useCall("app.info", {}).data?.keyring ?? false;
  const [remember, setRemember] = useState(target.remember ?? true);
  const list = useCall("workspace.recent", {}).data?.workspaces ?? [];
  const workspace = list.find((known) => known.id === target.id);
  return (
    <section className={classes.card} aria-label="Password">
      <h2>Open {workspace?.name}</h2>
      <p className={classes.cardAddress}>{workspace?.address}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onOpen({ by: "recent", id: target.id, password, remember: remember && keyring });
        }}
      >
        <Stack gap="sm">
          <PasswordInput
            label="Password"
            description={why.message}
            error={target.password === undefined ? undefined : "The server refused this password."}
            value={password}
            autoFocus
            autoComplete="off"
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <KeepPassword keyring={keyring} checked={remember} onChange={setRemember} />
          <Group justify="space-between">
            <Button variant="default" onClick={onCancel}>
              Back
            </Button>
            <Button type="submit" loading={busy} disabled={password === ""}>
              Open the workspace
            </Button>
          </Group>
        </Stack>
      </form>
    </section>
  );
}
