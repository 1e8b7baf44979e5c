/** Dialogs and commands of backups that work on every page. */
import { Button, Group, Modal, PasswordInput, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ApiError } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { useWorkspace } from "@/shared/data/workspace";
import { useGo } from "@/shared/nav";
import { backUpNow } from "./actions";
import { askRestore, closeRestore, forgetSecret, useAsked } from "./host";
import { RestoreDialog } from "./RestoreDialog";
import { UndoRestoreDialog } from "./UndoRestore";

export function BackupsHost() {
  const { restore, undo, secret } = useAsked();
  const workspace = useWorkspace();
  const go = useGo();
  const readOnly = workspace?.readOnly ?? false;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another workspace has other backups
  useEffect(() => forgetSecret(), [workspace?.address]);
  useCommands(
    readOnly
      ? []
      : [
          {
            id: "backups.now",
            title: "Back up now",
            group: "Backups",
            run: () => {
              go.place("/backups");
              void backUpNow();
            },
          },
          {
            id: "backups.restore",
            title: "Restore…",
            group: "Backups",
            also: "bring a backup back",
            run: () => askRestore({}),
          },
        ],
  );
  return (
    <>
      {restore && <RestoreDialog source={restore} onClose={closeRestore} />}
      {undo && <UndoRestoreDialog plan={undo} />}
      {secret && <SecretDialog why={secret.why} onAnswer={secret.answer} />}
    </>
  );
}

type SecretProps = { why: ApiError; onAnswer: (text: string | undefined) => void };

/** Asks for what opens a backup. */
function SecretDialog({ why, onAnswer }: SecretProps) {
  const [text, setText] = useState("");
  return (
    <Modal opened onClose={() => onAnswer(undefined)} title="This backup is locked" size="md" zIndex={400}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text !== "") onAnswer(text);
        }}
      >
        <Stack gap="sm">
          <PasswordInput
            label="Passphrase or key"
            description={`${why.message} A key begins with AGE-SECRET-KEY-. It is not kept.`}
            value={text}
            data-autofocus
            autoComplete="off"
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => onAnswer(undefined)}>
              Cancel
            </Button>
            <Button type="submit" disabled={text === ""}>
              Open the backup
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
