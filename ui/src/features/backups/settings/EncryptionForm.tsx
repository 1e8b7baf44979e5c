/** What backups are locked with: nothing, a passphrase typed twice, or a key that is shown once. */
import { Alert, Button, Code, CopyButton, Group, PasswordInput, Radio, Stack } from "@mantine/core";
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

/** What is still missing before it can be saved. */
export function lockProblem(lock: Lock, setup: BackupSetup): string | undefined {
  if (lock.kind === "recipients" && lock.recipients.length === 0) return "Make a key first.";
  if (lock.kind !== "passphrase") return undefined;
  if (lock.passphrase !== lock.again) return "The two passphrases are not the same.";
  const known = setup.settings.encryption.kind === "passphrase" && setup.hasKey;
  return lock.passphrase === "" && !known ? "Type the passphrase twice." : undefined;
}

type Props = { lock: Lock; hasKey: boolean; onChange: (lock: Lock) => void };

export function EncryptionForm({ lock, hasKey, onChange }: Props) {
  return (
    <>
      <Radio.Group
        aria-label="Locked with"
        value={lock.kind}
        onChange={(kind) => onChange({ ...lock, kind: kind as Lock["kind"] })}
      >
        <Stack gap={6}>
          <Radio value="none" label="Nothing" description="Who can read the place can read the records." />
          <Radio value="passphrase" label="A passphrase" description="Who knows it opens the backups." />
          <Radio
            value="recipients"
            label="A key"
            description="Backups are taken without any secret at hand; only the key opens them."
          />
        </Stack>
      </Radio.Group>
      {lock.kind === "passphrase" && <Passphrase lock={lock} hasKey={hasKey} onChange={onChange} />}
      {lock.kind === "recipients" && <KeyPart lock={lock} onChange={onChange} />}
    </>
  );
}

function Passphrase({ lock, hasKey, onChange }: Props) {
  return (
    <Group gap="xs" align="flex-start" grow>
      <PasswordInput
        label="Passphrase"
        description={
          hasKey ? "Leave it empty to keep the one that is known here." : "Without it nothing comes back."
        }
        autoComplete="new-password"
        value={lock.passphrase}
        onChange={(event) => onChange({ ...lock, passphrase: event.currentTarget.value })}
      />
      <PasswordInput
        label="Once more"
        description="Kept in the system's keyring."
        autoComplete="new-password"
        value={lock.again}
        onChange={(event) => onChange({ ...lock, again: event.currentTarget.value })}
      />
    </Group>
  );
}

function KeyPart({ lock, onChange }: { lock: Lock; onChange: (lock: Lock) => void }) {
  const [made, setMade] = useState<BackupKey>();
  const [busy, setBusy] = useState(false);
  const make = async () => {
    setBusy(true);
    try {
      const key = await call("backups.newKey", {});
      setMade(key);
      onChange({ ...lock, recipients: [key.recipient] });
    } catch (thrown) {
      showError(asApiError(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {lock.recipients.map((recipient) => (
        <div key={recipient} className={classes.recipient}>
          <span className="dim">Locked for </span>
          <span className="mono">{recipient}</span>
        </div>
      ))}
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
            onClick={() => void make()}
          >
            {lock.recipients.length > 0 ? "Make another key" : "Make a key"}
          </Button>
        </div>
      )}
    </>
  );
}
