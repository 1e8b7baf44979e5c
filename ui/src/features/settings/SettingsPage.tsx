/** About this program, this workspace and its space, and how the window looks. */
import {
  Button,
  type MantineColorScheme,
  SegmentedControl,
  Switch,
  useMantineColorScheme,
} from "@mantine/core";
import { IconStethoscope } from "@tabler/icons-react";
import { asApiError, type CheckOutcome, call, type DoctorReport, type WorkspaceInfo } from "@/ipc";
import { queryClient, useAction, useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { Page, Panel, StateMark, showError, type Tone } from "@/shared/ui";
import { ConnectionPanel } from "./ConnectionPanel";
import { MappingsPanel } from "./MappingsPanel";
import { SpacePanel } from "./SpacePanel";
import classes from "./settings.module.css";
import { TasksPanel } from "./TasksPanel";

export function SettingsPage() {
  const workspace = useWorkspace();
  return (
    <Page title="Settings">
      <div className={classes.columns}>
        <LookPanel />
        {workspace && <WorkspacePanel workspace={workspace} />}
        {workspace && <SpacePanel readOnly={workspace.readOnly} />}
        {workspace && <TasksPanel readOnly={workspace.readOnly} />}
        {workspace && <MappingsPanel readOnly={workspace.readOnly} />}
        {workspace && <ConnectionPanel />}
        <DoctorPanel />
        <AboutPanel />
      </div>
    </Page>
  );
}

function LookPanel() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Panel title="Appearance">
      <div className={classes.padded}>
        <div className={classes.line}>
          <span id="theme-label">Theme</span>
          <SegmentedControl
            aria-labelledby="theme-label"
            value={colorScheme}
            onChange={(next) => setColorScheme(next as MantineColorScheme)}
            data={[
              { value: "auto", label: "Same as system" },
              { value: "light", label: "Light" },
              { value: "dark", label: "Dark" },
            ]}
          />
        </div>
      </div>
    </Panel>
  );
}

function WorkspacePanel({ workspace }: { workspace: WorkspaceInfo }) {
  const setProduction = (production: boolean) => {
    call("workspace.setProduction", { production }).then(
      () => void queryClient.invalidateQueries({ queryKey: ["workspace.current"] }),
      (thrown: unknown) => showError(asApiError(thrown)),
    );
  };
  return (
    <Panel title="Workspace">
      <dl className={classes.facts}>
        <dt>Name</dt>
        <dd>{workspace.name}</dd>
        <dt>Address</dt>
        <dd className="mono">{workspace.address}</dd>
        <dt>Stored in</dt>
        <dd>{workspace.server}</dd>
        <dt>Writable</dt>
        <dd>{workspace.readOnly ? "No, opened read-only" : "Yes"}</dd>
        {workspace.limits.length > 0 && (
          <>
            <dt>Limits</dt>
            <dd>
              {workspace.limits.map((limit) => (
                <div key={limit}>{limit}</div>
              ))}
            </dd>
          </>
        )}
      </dl>
      <div className={classes.padded}>
        <Switch
          label="This is a production workspace"
          description="Destructive actions ask you to type its name."
          checked={workspace.production}
          onChange={(event) => setProduction(event.currentTarget.checked)}
        />
      </div>
    </Panel>
  );
}

const tones: Record<CheckOutcome, Tone> = { ok: "good", warning: "warn", failed: "bad" };
const words: Record<CheckOutcome, string> = {
  ok: "works",
  warning: "partly works",
  failed: "does not work",
};

function DoctorPanel() {
  const doctor = useAction("app.doctor");
  return (
    <Panel
      title="Diagnostics"
      actions={
        <Button
          variant="default"
          loading={doctor.isPending}
          leftSection={<IconStethoscope size={14} />}
          onClick={() => doctor.mutate({}, { onError: showError })}
        >
          Check
        </Button>
      }
    >
      {doctor.data ? (
        <Checks report={doctor.data} />
      ) : (
        <p className={classes.hint}>Checks the files, the keyring and the connection on this machine.</p>
      )}
    </Panel>
  );
}

function Checks({ report }: { report: DoctorReport }) {
  return (
    <ul className={classes.checks}>
      {report.checks.map((check) => (
        <li key={check.name}>
          <StateMark tone={tones[check.outcome]}>{words[check.outcome]}</StateMark>
          <div>
            <strong>{check.name}</strong> <span className="dim">{check.message}</span>
            {check.hint && <div className="faint">{check.hint}</div>}
          </div>
        </li>
      ))}
    </ul>
  );
}

function AboutPanel() {
  const info = useCall("app.info", {}).data;
  const hosts = { desktop: "desktop window", web: "web page", cli: "command line" } as const;
  return (
    <Panel title="About">
      <dl className={classes.facts}>
        <dt>Steward</dt>
        <dd>{info ? `version ${info.version}, ${hosts[info.host]}` : ""}</dd>
        <dt>License</dt>
        <dd>Apache-2.0</dd>
        <dt>Passwords</dt>
        <dd>
          {info?.keyring
            ? "stored in the system keyring"
            : "requested each time, because no keyring is available"}
        </dd>
      </dl>
    </Panel>
  );
}
