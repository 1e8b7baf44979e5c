/** Short messages after an action. Every write is reported, with Undo where there is one. */
import { Anchor, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle, IconCheck, IconInfoCircle, IconX } from "@tabler/icons-react";
import type { ApiError } from "@/ipc";

const common = {
  withBorder: true,
  radius: 6,
  withCloseButton: true,
  closeButtonProps: { "aria-label": "Close this message" },
} as const;

export function showSaved(message: string, undo?: () => void, label = "Undo"): void {
  const id = `saved-${Date.now()}-${Math.floor(performance.now() * 1000)}`;
  notifications.show({
    ...common,
    id,
    color: "teal",
    icon: <IconCheck size={16} />,
    autoClose: 7000,
    message: (
      <Group gap="md" justify="space-between" wrap="nowrap" role="status">
        <Text size="sm">{message}</Text>
        {undo && (
          <Anchor
            component="button"
            type="button"
            size="sm"
            fw={600}
            onClick={() => {
              notifications.hide(id);
              undo();
            }}
          >
            {label}
          </Anchor>
        )}
      </Group>
    ),
  });
}

export function showNote(message: string): void {
  notifications.show({ ...common, color: "gray", icon: <IconInfoCircle size={16} />, message });
}

export function showWarning(title: string, message: string): void {
  notifications.show({
    ...common,
    color: "yellow",
    icon: <IconAlertTriangle size={16} />,
    title,
    message,
    autoClose: 8000,
  });
}

export function showError(error: ApiError): void {
  if (error.code === "cancelled") {
    showNote(error.message);
    return;
  }
  notifications.show({
    ...common,
    color: "red",
    icon: <IconX size={16} />,
    title: error.message,
    message: error.hint ?? "",
    autoClose: 12000,
  });
}
