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
            also: "recover a backup",
            run: () => askRestore({}),
          },
        ],
  );
  return (
    <>
      {restore && <RestoreDialog source={restore} onClose={closeRestore} />}
      {undo && <UndoRestoreDialog plan={undo} />}
      {secret && <SecretDialog why={secret.why} purpose={secret.purpose} onAnswer={secret.answer} />}
    </>
  );
}

type SecretProps = {
  why: ApiError;
  purpose: "open" | "lock";
  onAnswer: (text: string | undefined) => void;
};

/** Asks for what opens a backup, or locks a new one. */
function SecretDialog({ why, purpose, onAnswer }: SecretProps) {
  const [text, setText] = useState("");
  const [again, setAgain] = useState("");
  const locks = purpose === "lock";
  const ready = text !== "" && (!locks || text === again);
  return (
    <Modal
      opened
      onClose={() => onAnswer(undefined)}
      title={locks ? "Encrypt the new backup" : "This backup is encrypted"}
      size="md"
      zIndex={400}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) onAnswer(text);
        }}
      >
        <Stack gap="sm">
          <PasswordInput
            size="xs"
            label={locks ? "Passphrase" : "Passphrase or key"}
            description={
              locks
                ? `${why.message} Without it, the backup can never be opened.`
                : `${why.message} A key begins with AGE-SECRET-KEY-.`
            }
            value={text}
            data-autofocus
            autoComplete="off"
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {locks && (
            <PasswordInput
              size="xs"
              label="Repeat the passphrase"
              value={again}
              autoComplete="off"
              error={again !== "" && again !== text ? "The passphrases do not match." : undefined}
              onChange={(event) => setAgain(event.currentTarget.value)}
            />
          )}
          <div className="dim">You are asked once while this page is open. Steward does not store it.</div>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => onAnswer(undefined)}>
              Cancel
            </Button>
            <Button type="submit" disabled={!ready}>
              {locks ? "Back up" : "Open the backup"}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
