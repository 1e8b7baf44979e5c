/** Commands that work everywhere: going to places, undo, theme, workspace. */
import { useMantineColorScheme } from "@mantine/core";
import { asApiError, call } from "@/ipc";
import { goToRegion } from "@/shared/commands/regions";
import { type Command, useCommands } from "@/shared/commands/registry";
import { useCollections, useWorkspace } from "@/shared/data/workspace";
import { rememberCollection, useGo } from "@/shared/nav";
import { showError } from "@/shared/ui";
import { redoLast, undoLast } from "@/shared/undo/undo";
import { openPalette } from "./Palette";
import { places, settingsPlace } from "./places";
import type { Overlay } from "./Shell";

export function useAppCommands(open: (overlay: Overlay) => void, hasWorkspace: boolean): void {
  const go = useGo();
  const { setColorScheme } = useMantineColorScheme();
  const collections = useCollections();
  const workspace = useWorkspace();

  const always: Command[] = [
    {
      id: "palette",
      title: "Search everything",
      group: "Go to",
      shortcut: "mod+k",
      whileTyping: true,
      run: () => {
        open(undefined);
        openPalette();
      },
    },
    { id: "shortcuts", title: "Show shortcuts", group: "Help", shortcut: "?", run: () => open("shortcuts") },
    {
      id: "region.next",
      title: "Next part of the window",
      group: "Go to",
      shortcut: "f6",
      whileTyping: true,
      run: () => goToRegion(1),
    },
    {
      id: "region.back",
      title: "Previous part of the window",
      group: "Go to",
      shortcut: "shift+f6",
      whileTyping: true,
      run: () => goToRegion(-1),
    },
    {
      id: "theme.light",
      title: "Use the light theme",
      group: "Appearance",
      run: () => setColorScheme("light"),
    },
    { id: "theme.dark", title: "Use the dark theme", group: "Appearance", run: () => setColorScheme("dark") },
    {
      id: "theme.auto",
      title: "Use the system theme",
      group: "Appearance",
      run: () => setColorScheme("auto"),
    },
  ];
  const inWorkspace: Command[] = [
    ...[...places, settingsPlace].map((place) => ({
      id: `go${place.path}`,
      title: place.title,
      group: "Go to",
      shortcut: place.shortcut,
      run: () => go.place(place.path),
    })),
    { id: "undo", title: "Undo", group: "Edit", shortcut: "mod+z", run: () => void undoLast() },
    { id: "redo", title: "Redo", group: "Edit", shortcut: "mod+shift+z", run: () => void redoLast() },
    { id: "jobs", title: "Show jobs", group: "Go to", shortcut: "g j", run: () => open("jobs") },
    {
      id: "drafts",
      title: "Show what is not saved",
      group: "Go to",
      also: "drafts, unsaved records",
      run: () => open("drafts"),
    },
    {
      id: "mappings",
      title: "Saved mappings",
      group: "Go to",
      also: "rename, remove a mapping",
      run: () => go.place(settingsPlace.path),
    },
    {
      id: "workspace.another",
      title: "Open another workspace",
      group: "Workspace",
      also: "recent, switch, connect",
      run: () => go.place("/start"),
    },
    {
      id: "workspace.close",
      title: "Close the workspace",
      group: "Workspace",
      run: () => void closeWorkspace(),
    },
    ...collections.map((collection) => ({
      id: `collection.${collection.name}`,
      title: `Collection ${collection.name}`,
      group: "Collections",
      run: () => {
        if (workspace) rememberCollection(workspace.address, collection.name);
        go.records({ c: collection.name });
      },
    })),
  ];
  useCommands(hasWorkspace ? [...always, ...inWorkspace] : always);
}

async function closeWorkspace(): Promise<void> {
  try {
    await call("workspace.close", {});
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}
