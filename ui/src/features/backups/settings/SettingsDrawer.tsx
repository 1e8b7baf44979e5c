/** How this workspace is backed up: where to, when, how locked, how long kept. */
import { Alert, Button, Checkbox, Drawer, Group, NumberInput, Radio, Stack } from "@mantine/core";
import { useState } from "react";
import {
  type ApiError,
  asApiError,
  type BackupSettings,
  type BackupSetup,
  call,
  type SaveBackupSettings,
} from "@/ipc";
import { queryClient, useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { Loaded, showSaved } from "@/shared/ui";
import { isComplete, readCron, type Schedule, writeCron } from "../schedule";
import { EncryptionForm, isKnown, type Lock, lockOf, lockProblem } from "./EncryptionForm";
import { PlacesForm } from "./PlacesForm";
import { RetentionForm } from "./RetentionForm";
import { ScheduleForm } from "./ScheduleForm";
import classes from "./settings.module.css";

export function SettingsDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const setup = useCall("backups.setup", {}, { enabled: opened });
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      position="right"
      size={560}
      title="Settings of backups"
      transitionProps={{ duration: 120 }}
    >
      {opened && <Loaded query={setup}>{(data) => <SettingsForm setup={data} onClose={onClose} />}</Loaded>}
    </Drawer>
  );
}

const compressions = [
  { value: "zstd", label: "Zstandard", about: "Fast and small." },
  { value: "gzip", label: "gzip", about: "Larger and slower, but every tool reads it." },
  { value: "none", label: "None", about: "Largest; for places that compress by themselves." },
] as const;

function SettingsForm({ setup, onClose }: { setup: BackupSetup; onClose: () => void }) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [draft, setDraft] = useState<BackupSettings>(setup.settings);
  const [schedule, setSchedule] = useState(() => readCron(setup.settings.schedule));
  const [verifications, setVerifications] = useState(() => readCron(setup.settings.verificationSchedule));
  const [lock, setLock] = useState<Lock>(() => lockOf(setup.settings.encryption));
  const [secrets, setSecrets] = useState<Record<string, Record<string, string>>>({});
  const [error, setError] = useState<ApiError>();
  const [busy, setBusy] = useState(false);
  const change = (part: Partial<BackupSettings>) => setDraft((before) => ({ ...before, ...part }));
  const keyring = useCall("app.info", {}).data?.keyring ?? false;
  const wrong = lockProblem(lock, setup, keyring);
  const ready =
    !wrong && isComplete(schedule) && isComplete(verifications) && draft.places.length > 0 && !readOnly;

  const send = async (request: SaveBackupSettings): Promise<BackupSetup | undefined> => {
    setBusy(true);
    setError(undefined);
    try {
      const saved = await call("backups.save", request);
      queryClient.setQueryData(["backups.setup", {}], saved);
      return saved;
    } catch (thrown) {
      setError(asApiError(thrown));
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  const save = () => {
    const passphrase = lock.kind === "passphrase" && lock.passphrase ? { passphrase: lock.passphrase } : {};
    return send({ settings: settingsOf(draft, schedule, verifications, lock), secrets, ...passphrase });
  };
  return (
    <form
      className={classes.form}
      onSubmit={async (event) => {
        event.preventDefault();
        if (!ready || !(await save())) return;
        showSaved("Settings of backups saved.");
        onClose();
      }}
    >
      <Section title="Where to">
        <PlacesForm
          places={draft.places}
          usualPlace={setup.usualPlace}
          readOnly={readOnly}
          onChange={(places) => change({ places })}
          onSecrets={(address, values) => setSecrets({ ...secrets, [address]: values })}
          onFolder={async (addFolder) => {
            // Only the places are saved with it: the rest of the form may be half done.
            const settings = { ...setup.settings, places: draft.places };
            const saved = await send({ settings, secrets, addFolder });
            if (saved) change({ places: saved.settings.places });
          }}
        />
      </Section>
      <Section title="When">
        <ScheduleForm
          label="A backup is taken"
          off="Not scheduled"
          usualTime="02:00"
          value={schedule}
          onChange={setSchedule}
        />
        <ScheduleForm
          label="Verify the newest backup by a test restore"
          off="Not scheduled"
          usualTime="03:00"
          value={verifications}
          onChange={setVerifications}
        />
        <NumberInput
          maw={260}
          label="An increment every (minutes)"
          description="What happens between two backups, so that any point in time can be restored. Empty: not scheduled."
          min={1}
          max={1440}
          allowDecimal={false}
          placeholder="5"
          value={draft.increments ?? ""}
          onChange={(value) => setDraft(({ increments: _before, ...rest }) => withIncrements(rest, value))}
        />
        <p className={classes.hint}>
          While this window is open or a server of Steward runs; what was missed is caught up once.
        </p>
      </Section>
      <Section title="What">
        <Checkbox
          label="History, quarantine, saved mappings and settings too"
          checked={draft.own}
          onChange={(event) => change({ own: event.currentTarget.checked })}
        />
        <Radio.Group
          label="Compression"
          value={draft.compression}
          onChange={(next) => change({ compression: next as BackupSettings["compression"] })}
        >
          <Stack gap={6} mt={6}>
            {compressions.map((one) => (
              <Radio key={one.value} value={one.value} label={one.label} description={one.about} />
            ))}
          </Stack>
        </Radio.Group>
      </Section>
      <Section title="Locked with">
        <EncryptionForm lock={lock} known={isKnown(setup)} keyring={keyring} onChange={setLock} />
        {wrong && <div className={lock.again === "" ? classes.hint : classes.wrong}>{wrong}</div>}
      </Section>
      <Section title="How long they are kept">
        <RetentionForm
          rules={draft.retention}
          onChange={(retention) => change({ retention })}
          onSave={async () => (await save()) !== undefined}
          canRemove={ready}
        />
      </Section>
      {error && (
        <Alert color="red" variant="light" title={error.message}>
          {error.hint}
        </Alert>
      )}
      <Group justify="flex-end" gap="xs" className={classes.foot ?? ""}>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" disabled={!ready} loading={busy}>
          Save
        </Button>
      </Group>
    </form>
  );
}

function withIncrements(rest: BackupSettings, value: number | string): BackupSettings {
  return typeof value === "number" && value > 0 ? { ...rest, increments: value } : rest;
}

function settingsOf(
  draft: BackupSettings,
  schedule: Schedule,
  verifications: Schedule,
  lock: Lock,
): BackupSettings {
  const { schedule: _before, verificationSchedule: _proofBefore, ...rest } = draft;
  const [taken, verified] = [writeCron(schedule), writeCron(verifications)];
  return {
    ...rest,
    encryption:
      lock.kind === "recipients" ? { kind: "recipients", recipients: lock.recipients } : { kind: lock.kind },
    ...(taken ? { schedule: taken } : {}),
    ...(verified ? { verificationSchedule: verified } : {}),
  };
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={classes.section}>
      <h3>{title}</h3>
      <Stack gap="sm">{children}</Stack>
    </section>
  );
}
