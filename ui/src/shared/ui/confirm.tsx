/** Asking before something is destroyed or rewritten. The dangerous button says what it does and is never the default. */
import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { IconShieldExclamation } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import type { ApiError } from "@/ipc";
import { useWorkspace } from "../data/workspace";

type ConfirmProps = {
  opened: boolean;
  title: string;
  /** What the button does and to how much: "Delete 12 records". */
  action: string;
  destructive?: boolean;
  busy?: boolean;
  disabled?: boolean;
  error?: ApiError | null;
  /** How to take it back afterwards, one sentence. */
  undo?: string;
  size?: string;
  onClose: () => void;
  onConfirm: () => void;
  children?: ReactNode;
};

export function ConfirmDialog(props: ConfirmProps) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title={props.title} size={props.size ?? "lg"}>
      {props.opened && <ConfirmBody {...props} />}
    </Modal>
  );
}

/** What a confirmation holds, for dialogs of several steps. */
export function ConfirmBody({
  action,
  destructive,
  busy,
  disabled,
  error,
  undo,
  onClose,
  onConfirm,
  children,
}: Omit<ConfirmProps, "opened" | "title" | "size">) {
  const workspace = useWorkspace();
  const [typed, setTyped] = useState("");
  const mustType = Boolean(destructive && workspace?.production);
  const ready = !disabled && (!mustType || typed === workspace?.name);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // A dialog that was opened out of a form does not submit that form, too.
        event.stopPropagation();
        if (ready) onConfirm();
      }}
    >
      <Stack gap="sm">
        {children}
        {mustType && (
          <Alert
            color="red"
            variant="light"
            icon={<IconShieldExclamation size={18} />}
            title="This is a production workspace"
          >
            <TextInput
              label={`Type ${workspace?.name} to continue`}
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
            />
          </Alert>
        )}
        {error && (
          <Alert color="red" variant="light" title={error.message}>
            {error.hint}
          </Alert>
        )}
        <Group justify="space-between" mt={4}>
          <Text size="xs" c="dimmed">
            {undo}
          </Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose} data-autofocus={destructive ? true : undefined}>
              Cancel
            </Button>
            <Button
              type="submit"
              loading={busy ?? false}
              disabled={!ready}
              color={destructive ? "red" : "teal"}
              data-autofocus={destructive ? undefined : true}
            >
              {action}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
