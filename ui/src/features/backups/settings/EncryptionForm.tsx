/** What backups are locked with: nothing, a passphrase typed twice, or a key that is shown once. */
import { Alert, Button, Code, CopyButton, Group, PasswordInput, Radio, Stack, Textarea } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type BackupEncryption, type BackupKey, type BackupSetup, call } from "@/ipc";
import { showError } from "@/shared/ui";
import classes from "./settings.module.css";

export type Lock = {
  kind: BackupEncryption["kind"];
  recipients: string[];
  passphrase: string;
  again: string;
};

export function lockOf(encryption: BackupEncryption): Lock {
  const recipients = encryption.kind === "recipients" ? encryption.recipients : [];
  return { kind: encryption.kind, recipients, passphrase: "", again: "" };
}

export function isKnown(setup: BackupSetup): boolean {
  return setup.settings.encryption.kind === "passphrase" && setup.hasKey;
}

/** What is still missing before it can be saved. */
export function lockProblem(lock: Lock, setup: BackupSetup, keyring: boolean): string | undefined {
  if (lock.kind === "recipients" && lock.recipients.length === 0) return "Add at least one recipient.";
  // Without a keyring nothing can be kept: it is asked for with each backup.
  if (lock.kind !== "passphrase" || !keyring) return undefined;
  if (lock.passphrase !== lock.again) return "The passphrases do not match.";
  return lock.passphrase === "" && !isKnown(setup) ? "Enter the passphrase twice." : undefined;
}

type Props = {
  lock: Lock;
  /** The passphrase of now is known here. */
  known: boolean;
  /** There is a keyring that keeps it. */
  keyring: boolean;
  onChange: (lock: Lock) => void;
};

export function EncryptionForm({ lock, known, keyring, onChange }: Props) {
  return (
    <>
      <Radio.Group
        aria-label="Encryption"
        value={lock.kind}
        onChange={(kind) => onChange({ ...lock, kind: kind as Lock["kind"] })}
      >
        <Stack gap={6}>
          <Radio
            value="none"
            label="None"
            description="Anyone with access to the destination can read the records."
          />
          <Radio
            value="passphrase"
            label="A passphrase"
            description="Anyone with this passphrase can open the backups."
          />
          <Radio
            value="recipients"
            label="A key"
            description="Backups run without a secret. Only the key can open them."
          />
        </Stack>
      </Radio.Group>
      {lock.kind === "passphrase" &&
        (keyring ? (
          <Passphrase lock={lock} known={known} onChange={onChange} />
        ) : (
          <p className={classes.hint}>
            No keyring is available, so you are asked for the passphrase once in a session. Scheduled backups
            read it from STEWARD_BACKUP_PASSPHRASE, or from the file backup-passphrase in the folder of
            STEWARD_SECRETS; without either, a schedule cannot be saved.
          </p>
        ))}
      {lock.kind === "recipients" && <KeyPart lock={lock} keyring={keyring} onChange={onChange} />}
    </>
  );
}

function Passphrase({ lock, known, onChange }: Omit<Props, "keyring">) {
  return (
    <Group gap="xs" align="flex-start" grow>
      <PasswordInput
        label="Passphrase"
        size="xs"
        description={
          known ? "Leave empty to keep the current one." : "Without it, no backup can be restored."
        }
        autoComplete="new-password"
        value={lock.passphrase}
        onChange={(event) => onChange({ ...lock, passphrase: event.currentTarget.value })}
      />
      <PasswordInput
        label="Repeat the passphrase"
        size="xs"
        description="Stored in the system keyring."
        autoComplete="new-password"
        value={lock.again}
        onChange={(event) => onChange({ ...lock, again: event.currentTarget.value })}
      />
    </Group>
  );
}

function KeyPart({ lock, keyring, onChange }: Omit<Props, "known">) {
  const [text, setText] = useState(lock.recipients.join("\n"));
  const [made, setMade] = useState<BackupKey>();
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const key = await call("backups.newKey", {});
      setMade(key);
      setText(key.recipient);
      onChange({ ...lock, recipients: [key.recipient] });
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Textarea
        label="Recipients"
        description="Public keys, one per line: age1…"
        className="mono"
        autosize
        minRows={1}
        value={text}
        onChange={(event) => {
          const { value } = event.currentTarget;
          setText(value);
          onChange({ ...lock, recipients: value.split(/\s+/).filter((one) => one !== "") });
        }}
      />
      {made ? (
        <Alert
          color="yellow"
          variant="light"
          icon={<IconKey size={18} />}
          title="Print this key and keep it safe"
        >
          It is shown only once. It opens the backups on any machine. Without it and without this machine's
          keyring, nobody can open them.
          <Code block mt="xs" className={classes.key ?? ""}>
            {made.identity}
          </Code>
          <CopyButton value={made.identity}>
            {({ copied, copy }) => (
              <Button variant="default" mt="xs" onClick={copy}>
                {copied ? "Copied" : "Copy the key"}
              </Button>
            )}
          </CopyButton>
        </Alert>
      ) : (
        <div>
          <Button
            variant="default"
            leftSection={<IconKey size={14} />}
            loading={busy}
            disabled={!keyring}
            onClick={() => void make()}
          >
            {lock.recipients.length > 0 ? "Create another key" : "Create a key"}
          </Button>
          {!keyring && (
            <p className={classes.hint}>
              No keyring is available to store a new key. Create one on another machine with “steward backup
              key”.
            </p>
          )}
        </div>
      )}
    </>
  );
}
