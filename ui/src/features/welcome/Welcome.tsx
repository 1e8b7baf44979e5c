/** First start: the sample, a file, or MongoDB; and the workspaces opened before. */
import { ActionIcon, Button } from "@mantine/core";
import {
  IconArrowLeft,
  IconDatabase,
  IconFile,
  IconFilePlus,
  IconFolderOpen,
  IconSparkles,
  IconX,
} from "@tabler/icons-react";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import {
  type ApiError,
  asApiError,
  call,
  type RecentWorkspace,
  type WorkspaceInfo,
  type WorkspaceTarget,
} from "@/ipc";
import { useCommands } from "@/shared/commands/registry";
import { queryClient, useCall } from "@/shared/data/queries";
import { pickFiles, useNativeFiles } from "@/shared/files";
import { jobEnd } from "@/shared/jobs/jobs";
import { useGo } from "@/shared/nav";
import { Problem, showError, Tag, Timestamp } from "@/shared/ui";
import { AskPassword } from "./AskPassword";
import { Connect } from "./Connect";
import { useOpenWorkspace } from "./open";
import classes from "./welcome.module.css";

/** `current` is the workspace that is open meanwhile; it stays so until another one is. */
export function Welcome({ current }: { current: WorkspaceInfo | undefined }) {
  const native = useNativeFiles();
  const [connecting, setConnecting] = useState(false);
  const { error, busy, asked, open, cancel } = useOpen();
  const go = useGo();
  const back = () => go.place("/records");
  useCommands(
    current
      ? [
          {
            id: "start.back",
            title: "Back to the workspace",
            group: "Workspace",
            shortcut: "escape",
            run: back,
          },
        ]
      : [],
  );
  const sample = useSample();
  const pick = async (purpose: "openWorkspace" | "newWorkspace") => {
    try {
      const handles =
        purpose === "newWorkspace"
          ? (await call("files.pickSave", { purpose, suggestedName: "records.steward" })).files
          : await pickFiles(true, purpose, false);
      const file = handles[0];
      if (file) open({ by: "file", file: file.id });
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };

  return (
    <main className={classes.page} id="main">
      <div className={classes.inner}>
        <header className={classes.head}>
          <img src="./steward.svg" alt="" width={40} height={40} />
          <div>
            <h1>Steward</h1>
            <p>Look after records: import them, find what is wrong, correct it, undo any change.</p>
          </div>
          {current && (
            <Button variant="default" leftSection={<IconArrowLeft size={14} />} onClick={back}>
              Back to {current.name}
            </Button>
          )}
        </header>
        {asked && error ? (
          <AskPassword target={asked} why={error} busy={busy} onOpen={open} onCancel={cancel} />
        ) : connecting ? (
          <Connect onCancel={() => setConnecting(false)} onOpen={open} busy={busy} />
        ) : (
          <div className={classes.choices}>
            <Choice
              icon={<IconSparkles size={22} stroke={1.5} />}
              title="Start with the sample"
              about="361 real occupations in a workspace of their own on this machine. Nothing to set up."
              busy={sample.busy || busy}
              onClick={sample.start}
            />
            {native && (
              <>
                <Choice
                  icon={<IconFolderOpen size={22} stroke={1.5} />}
                  title="Open a file"
                  about="An existing workspace on this machine."
                  onClick={() => void pick("openWorkspace")}
                />
                <Choice
                  icon={<IconFilePlus size={22} stroke={1.5} />}
                  title="Create a new file"
                  about="An empty workspace for your own records."
                  onClick={() => void pick("newWorkspace")}
                />
              </>
            )}
            <Choice
              icon={<IconDatabase size={22} stroke={1.5} />}
              title="Connect to MongoDB"
              about="A database on a server, tested step by step before it is opened."
              onClick={() => setConnecting(true)}
            />
          </div>
        )}
        {error && !asked && <Problem error={error} />}
        {sample.error && <Problem error={sample.error} retry={sample.start} />}
        {!connecting && !asked && <Recent current={current} busy={busy} onOpen={open} onBack={back} />}
      </div>
    </main>
  );
}

function useOpen() {
  const { ask } = useSearch({ strict: false });
  const openNow = useOpenWorkspace();
  const [error, setError] = useState<ApiError | undefined>(ask === undefined ? undefined : passwordAsked);
  const [busy, setBusy] = useState(false);
  const [asked, setAsked] = useState<Extract<WorkspaceTarget, { by: "recent" }> | undefined>(
    ask === undefined ? undefined : { by: "recent", id: ask },
  );
  const cancel = () => {
    setError(undefined);
    setAsked(undefined);
  };
  const failed = (target: WorkspaceTarget, thrown: unknown) => {
    const apiError = asApiError(thrown);
    setError(apiError);
    setAsked(target.by === "recent" && apiError.code === "unauthorized" ? target : undefined);
  };
  const open = (target: WorkspaceTarget) => {
    setBusy(true);
    openNow(target)
      .catch((thrown: unknown) => failed(target, thrown))
      .finally(() => setBusy(false));
  };
  return { error, busy, asked, open, cancel };
}

const passwordAsked: ApiError = { code: "unauthorized", message: "Type the password to open it." };

function useSample() {
  const go = useGo();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const start = () => {
    setBusy(true);
    setError(undefined);
    const work = async () => {
      const opened = await call("workspace.openSample", {});
      await queryClient.invalidateQueries({ queryKey: ["workspace.current"] });
      go.place("/records");
      if (opened.jobId === undefined) return;
      const job = await jobEnd(opened.jobId);
      if (job.error) showError(job.error);
    };
    work()
      .catch((thrown: unknown) => setError(asApiError(thrown)))
      .finally(() => setBusy(false));
  };
  return { busy, error, start };
}

type ChoiceProps = {
  icon: React.ReactNode;
  title: string;
  about: string;
  busy?: boolean;
  onClick: () => void;
};

function Choice({ icon, title, about, busy, onClick }: ChoiceProps) {
  return (
    <button type="button" className={classes.choice} disabled={busy} onClick={onClick}>
      <span className={classes.choiceIcon}>{icon}</span>
      <span className={classes.choiceTitle}>{title}</span>
      <span className={classes.choiceAbout}>{about}</span>
    </button>
  );
}

type RecentProps = {
  current: WorkspaceInfo | undefined;
  busy: boolean;
  onOpen: (target: WorkspaceTarget) => void;
  onBack: () => void;
};

function Recent({ current, busy, onOpen, onBack }: RecentProps) {
  const recent = useCall("workspace.recent", {});
  const list = recent.data?.workspaces ?? [];
  const forget = (id: string) => {
    call("workspace.forget", { id }).then(
      (answer) => queryClient.setQueryData(["workspace.recent", {}], answer),
      (thrown: unknown) => showError(asApiError(thrown)),
    );
  };
  if (list.length === 0) return null;
  return (
    <section className={classes.card} aria-label="Recent workspaces">
      <h2>Recent workspaces</h2>
      <ul className={classes.recent}>
        {list.map((workspace) => (
          <RecentLine
            key={workspace.id}
            workspace={workspace}
            isOpen={workspace.address === current?.address}
            busy={busy}
            onOpen={() =>
              workspace.address === current?.address ? onBack() : onOpen({ by: "recent", id: workspace.id })
            }
            onForget={() => forget(workspace.id)}
          />
        ))}
      </ul>
    </section>
  );
}

type LineProps = {
  workspace: RecentWorkspace;
  isOpen: boolean;
  busy: boolean;
  onOpen: () => void;
  onForget: () => void;
};

function RecentLine({ workspace, isOpen, busy, onOpen, onForget }: LineProps) {
  const Icon = workspace.kind === "file" ? IconFile : IconDatabase;
  return (
    <li>
      <Button
        variant="subtle"
        color="gray"
        justify="flex-start"
        className={classes.recentMain ?? ""}
        leftSection={<Icon size={16} stroke={1.6} />}
        disabled={!workspace.exists || busy}
        onClick={onOpen}
      >
        <span className={classes.recentName}>{workspace.name}</span>
        <span className={classes.recentAddress}>{workspace.address}</span>
      </Button>
      {isOpen ? (
        <Tag>open</Tag>
      ) : workspace.exists ? (
        <span className="faint">
          <Timestamp at={workspace.openedAt} />
        </span>
      ) : (
        <Tag tone="warn">not found</Tag>
      )}
      <ActionIcon aria-label={`Remove ${workspace.name} from the list`} onClick={onForget}>
        <IconX size={14} />
      </ActionIcon>
    </li>
  );
}
