/** The frame: rail at the left, bar at the top, one line at the bottom, the page between. */
import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { BackupsHost } from "@/features/backups";
import { DraftsDrawer, useDrafts } from "@/features/records";
import { Welcome } from "@/features/welcome";
import type { WorkspaceInfo } from "@/ipc";
import { useKeyboard } from "@/shared/commands/useKeyboard";
import { useCall } from "@/shared/data/queries";
import { useJobs } from "@/shared/jobs/jobs";
import { Outdated, Problem } from "@/shared/ui";
import { forgetUndo } from "@/shared/undo/undo";
import { DropZone } from "./DropZone";
import { JobTray } from "./JobTray";
import { Notices } from "./Notices";
import { openPalette, Palette } from "./Palette";
import { places, settingsPlace } from "./places";
import { Rail } from "./Rail";
import { ShortcutsDialog } from "./ShortcutsDialog";
import { StatusBar } from "./StatusBar";
import classes from "./shell.module.css";
import { TopBar } from "./TopBar";
import { Unfinished } from "./Unfinished";
import { useAppCommands } from "./useAppCommands";
import { useBackendEvents } from "./useBackendEvents";

export type Overlay = "shortcuts" | "jobs" | "drafts" | undefined;

export function Shell() {
  const [overlay, setOverlay] = useState<Overlay>();
  const connected = useBackendEvents();
  const current = useCall("workspace.current", {});
  // What this host can do decides what is offered: nothing moves under the hand once it is drawn.
  const info = useCall("app.info", {});
  const workspace = current.data?.workspace;
  const path = useLocation({ select: (location) => location.pathname });
  const isChoosing = path === "/start";
  const close = () => setOverlay(undefined);
  useKeyboard();
  useAppCommands(setOverlay, workspace !== undefined && !isChoosing);
  useAskBeforeLeaving();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another workspace has another past
  useEffect(() => forgetUndo(), [workspace?.address]);

  const again = () => void current.refetch();
  // Once there is a page it stays: somebody may be in the middle of a form.
  if (current.error && !current.data) return <Problem error={current.error} retry={again} />;
  if (!current.data || info.isPending) return null;
  return (
    <>
      <title>{titleOf(path, workspace)}</title>
      {workspace && !isChoosing ? (
        <div className={classes.frame}>
          <button type="button" className={classes.skip} onClick={skipToMain}>
            Skip to content
          </button>
          <TopBar workspace={workspace} onPalette={openPalette} />
          <Rail />
          <main id="main" data-region className={classes.main} tabIndex={-1}>
            <Unfinished />
            <Notices workspace={workspace} />
            {current.error && <Outdated error={current.error} retry={again} />}
            <Outlet />
          </main>
          <StatusBar workspace={workspace} connected={connected} onShow={setOverlay} />
          <DropZone />
          <BackupsHost />
          <DraftsDrawer opened={overlay === "drafts"} onClose={close} />
        </div>
      ) : (
        <Welcome current={workspace} />
      )}
      <Palette />
      <ShortcutsDialog opened={overlay === "shortcuts"} onClose={close} />
      <JobTray opened={overlay === "jobs"} onClose={close} />
    </>
  );
}

/** `Imports · careers · Steward`: which of several windows this is. */
function titleOf(path: string, workspace: WorkspaceInfo | undefined): string {
  const place = [...places, settingsPlace].find((known) => path.startsWith(known.path));
  return [workspace && place?.title, workspace?.name, "Steward"].filter(Boolean).join(" · ");
}

function skipToMain(): void {
  document.getElementById("main")?.focus();
}

/** Closing asks while a job is running or something is not saved. */
function useAskBeforeLeaving(): void {
  const running = useJobs().some((job) => job.state === "running");
  const unsaved = useDrafts().length > 0;
  const asks = running || unsaved;
  useEffect(() => {
    if (!asks) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [asks]);
}
