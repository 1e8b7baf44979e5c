/** All backups of this workspace: how old the last verification is, what was taken, what was restored. */
import { Alert, Button, Menu, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconArchive,
  IconChevronDown,
  IconClipboardCheck,
  IconRestore,
  IconSettings,
  IconShieldCheck,
} from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type Backup, type Backups, type FileHandle } from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { pickFiles, pickFolder, useNativeFiles } from "@/shared/files";
import { FailedTasks } from "@/shared/tasks/FailedTasks";
import { Empty, Loaded, Page, Panel, showError } from "@/shared/ui";
import { count } from "@/shared/words/words";
import { Agreement } from "./Agreement";
import { backUpNow, useRunning, useVerification } from "./actions";
import { BackupTable } from "./BackupTable";
import classes from "./backups.module.css";
import { Head } from "./Head";
import { askRestore } from "./host";
import { fileSource, newestOf } from "./model";
import { PointsInTimePanel } from "./PointsInTimePanel";
import { CutOff, RestoresPanel } from "./Restores";
import { RunningJobs } from "./RunningJobs";
import { SettingsDrawer } from "./settings/SettingsDrawer";

export function BackupsPage() {
  const list = useCall("backups.list", {});
  const readOnly = useWorkspace()?.readOnly ?? false;
  const [settings, setSettings] = useState(false);
  const taking = useRunning().some((job) => job.kind === "backup");
  useCommands([
    { id: "backups.settings", title: "Backup settings", group: "Backups", run: () => setSettings(true) },
  ]);
  const button = (
    <Button
      leftSection={<IconArchive size={14} />}
      disabled={readOnly}
      loading={taking}
      onClick={() => void backUpNow()}
    >
      Back up now
    </Button>
  );
  return (
    <Page
      title="Backups"
      actions={
        <>
          <Button
            variant="default"
            leftSection={<IconSettings size={14} />}
            onClick={() => setSettings(true)}
          >
            Settings
          </Button>
          <RestoreMenu disabled={readOnly} />
          {button}
        </>
      }
    >
      <div className={classes.page}>
        <Agreement />
        <FailedTasks place="/backups" />
        <CutOff />
        <RunningJobs />
        <Loaded query={list}>
          {(data) => (
            <>
              <Notes notes={data.notes} />
              <Head backups={data} onSettings={() => setSettings(true)} />
              <PointsInTimePanel readOnly={readOnly} onSettings={() => setSettings(true)} />
              <Lists data={data} button={button} />
            </>
          )}
        </Loaded>
        <RestoresPanel />
      </div>
      <SettingsDrawer opened={settings} onClose={() => setSettings(false)} />
    </Page>
  );
}

function RestoreMenu({ disabled }: { disabled: boolean }) {
  const native = useNativeFiles();
  const from = async (pick: () => Promise<FileHandle | undefined>) => {
    try {
      const picked = fileSource(await pick());
      if (picked) askRestore(picked);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          disabled={disabled}
          leftSection={<IconRestore size={14} />}
          rightSection={<IconChevronDown size={14} />}
        >
          Restore
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => askRestore({})}>From a backup…</Menu.Item>
        <Menu.Item onClick={() => void from(async () => (await pickFiles(native, "archive", false))[0])}>
          From a file…
        </Menu.Item>
        {native && <Menu.Item onClick={() => void from(pickFolder)}>From a mongodump folder…</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}

function Notes({ notes }: { notes: string[] }) {
  if (notes.length === 0) return null;
  return (
    <Alert
      color="yellow"
      variant="light"
      icon={<IconAlertTriangle size={18} />}
      title="Some backups could not be read"
    >
      {notes.map((note) => (
        <div key={note}>{note}</div>
      ))}
    </Alert>
  );
}

function Lists({ data, button }: { data: Backups; button: React.ReactNode }) {
  const ours = data.backups.filter((backup) => backup.ofThis);
  const others = data.backups.filter((backup) => !backup.ofThis);
  return (
    <>
      <Panel title="Backups of this workspace" actions={newestOf(ours) && <Drill backups={ours} />}>
        {ours.length === 0 ? (
          <Empty icon={<IconShieldCheck size={34} stroke={1.3} />} title="No backups yet" action={button}>
            A backup holds every record with its history. Take one now, verify it by a test restore, and
            schedule automatic backups in the settings.
          </Empty>
        ) : (
          <BackupTable backups={ours} label="Backups" />
        )}
      </Panel>
      {others.length > 0 && <Others backups={others} />}
    </>
  );
}

/** Would it come back? The newest backup is restored aside and compared, with a report for the file. */
function Drill({ backups }: { backups: Backup[] }) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  const { busy, drill } = useVerification();
  const newest = newestOf(backups);
  const run = () => {
    if (newest) void drill(newest);
  };
  useCommands(
    readOnly || !newest
      ? []
      : [
          {
            id: "backups.drill",
            title: "Recovery drill",
            group: "Backups",
            also: "verify the newest backup, report",
            run,
          },
        ],
  );
  return (
    <Tooltip label="Restores the newest backup into a temporary workspace, compares it and saves a dated report.">
      <Button
        variant="subtle"
        size="compact-xs"
        leftSection={<IconClipboardCheck size={14} />}
        disabled={readOnly}
        loading={busy !== undefined}
        onClick={run}
      >
        Recovery drill
      </Button>
    </Tooltip>
  );
}

/** They lie at the same places; a restore from them is the way to another machine. */
function Others({ backups }: { backups: Backup[] }) {
  const [open, setOpen] = useState(false);
  return (
    <Panel
      title={`${count(backups.length, "backup")} from other workspaces`}
      actions={
        <Button variant="subtle" size="compact-xs" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide" : "Show"}
        </Button>
      }
    >
      {open && <BackupTable backups={backups} label="Backups from other workspaces" withWorkspace />}
    </Panel>
  );
}
