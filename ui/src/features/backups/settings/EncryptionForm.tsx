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
  if (lock.kind === "recipients" && lock.recipients.length === 0) return "Make a key, or name one.";
  // Without a keyring nothing can be kept: it is asked for with each backup.
  if (lock.kind !== "passphrase" || !keyring) return undefined;
  if (lock.passphrase !== lock.again) return "The two passphrases are not the same.";
  return lock.passphrase === "" && !isKnown(setup) ? "Type the passphrase twice." : undefined;
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
        aria-label="Locked with"
        value={lock.kind}
        onChange={(kind) => onChange({ ...lock, kind: kind as Lock["kind"] })}
      >
        <Stack gap={6}>
          <Radio value="none" label="Nothing" description="Who can read the place can read the records." />
          <Radio
            value="passphrase"
            label="A passphrase"
            description="Anyone with this passphrase can open the backups."
          />
          <Radio
            value="recipients"
            label="A key"
            description="Backups are taken without any secret at hand; only the key opens them."
          />
        </Stack>
      </Radio.Group>
      {lock.kind === "passphrase" &&
        (keyring ? (
          <Passphrase lock={lock} known={known} onChange={onChange} />
        ) : (
          <p className={classes.hint}>
            No keyring is open here: the passphrase is asked for with each backup. Backups on schedule take it
            from STEWARD_BACKUP_PASSPHRASE.
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
        description={known ? "Empty: the one known here stays." : "Without it nothing comes back."}
        autoComplete="new-password"
        value={lock.passphrase}
        onChange={(event) => onChange({ ...lock, passphrase: event.currentTarget.value })}
      />
      <PasswordInput
        label="Once more"
        size="xs"
        description="Kept in the system's keyring."
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
        label="Locked for"
        description="Public halves of keys, one a line: age1…"
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
          title="Print this key and lock it away"
        >
          It is shown this once. It opens the backups on any machine; without it, and without this machine's
          keyring, nobody can.
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
            {lock.recipients.length > 0 ? "Make another key" : "Make a key"}
          </Button>
          {!keyring && (
            <p className={classes.hint}>
              No keyring is open here to keep a new key. “steward backup key” on another machine makes one.
            </p>
          )}
        </div>
      )}
    </>
  );
}
