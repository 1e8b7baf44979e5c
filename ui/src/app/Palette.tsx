/** Every action, every collection, every record by key or title: one box, the keyboard only. */
import { getDefaultZIndex } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { IconFileText, IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { CollectionInfo, RecordRow } from "@/ipc";
import { useAllCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { useCurrentCollection, useGo } from "@/shared/nav";
import { Keys } from "@/shared/ui";
import { keyText, plainText } from "@/shared/value/model";
import { inGroups, inOrder, matching, recordFilter } from "./palette.model";
import classes from "./palette.module.css";

const [store, palette] = createSpotlight();

export const openPalette = palette.open;

type Entry = {
  id: string;
  title: string;
  group: string;
  shortcut?: string | undefined;
  /** The key of a record. */
  key?: string;
  run: () => void;
};

export function Palette() {
  const [text, setText] = useState("");
  return (
    <Spotlight.Root
      store={store}
      query={text}
      onQueryChange={setText}
      // The shortcut is one of our commands.
      shortcut={null}
      closeOnActionTrigger={false}
      // No transition: who types right after the shortcut must not lose a letter.
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      zIndex={getDefaultZIndex("modal")}
      centered={false}
      yOffset="12vh"
      size={620}
      classNames={{ action: classes.action, actionsGroup: classes.group, search: classes.search }}
      attributes={{ content: { "aria-label": "Search everything" } }}
    >
      <PaletteBody text={text} />
    </Spotlight.Root>
  );
}

type Found = { entries: Entry[] /** The records are those of the text as it is now. */; settled: boolean };

function useEntries(text: string): Found {
  const commands = useAllCommands();
  const collection = useCurrentCollection();
  const { records, settled } = useRecords(text, collection);
  const go = useGo();
  const run = (work: () => void) => () => {
    palette.close();
    work();
  };
  const found = matching(inOrder(commands.filter((command) => command.id !== "palette")), text);
  const entries = [
    ...found.slice(0, text === "" ? 40 : 12).map((command) => ({
      id: command.id,
      title: command.title,
      group: command.group,
      shortcut: command.shortcut,
      run: run(command.run),
    })),
    ...records.map((row) => ({
      id: `record-${keyText(row.key)}`,
      title: titleOf(row, collection),
      key: keyText(row.key),
      group: `Records in ${collection?.name ?? ""}`,
      run: run(() => go.records({ c: collection?.name ?? "", open: row.key })),
    })),
  ];
  return { entries, settled };
}

function titleOf(row: RecordRow, collection: CollectionInfo | undefined): string {
  const document = row.document as Record<string, RecordRow["key"]>;
  const title = collection?.titleField ? plainText(document[collection.titleField]) : "";
  return title || keyText(row.key);
}

function useRecords(text: string, collection: CollectionInfo | undefined) {
  const [words] = useDebouncedValue(text.trim(), 120);
  const filter = collection ? recordFilter(words, collection) : undefined;
  const answer = useCall(
    "records.find",
    { collection: collection?.name ?? "", ...(filter ? { filter } : {}), limit: 8 },
    { enabled: filter !== undefined, keep: true },
  );
  const answered = filter === undefined || (!answer.isPlaceholderData && !answer.isLoading);
  return {
    records: filter ? (answer.data?.records ?? []) : [],
    settled: words === text.trim() && answered,
  };
}

const listId = "palette-list";

function PaletteBody({ text }: { text: string }) {
  const { entries, settled } = useEntries(text);
  const groups = inGroups(entries);
  const inLine = groups.flatMap((group) => group.items);
  const [at, setAt] = useState(0);
  const active = Math.min(at, Math.max(0, inLine.length - 1));
  const chosen = inLine[active];
  const box = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    box.current?.focus();
    store.updateState((state) => ({ ...state, listId, selected: 0 }));
  }, []);
  const { holdEnter, forget } = useEnter(chosen, settled);
  const point = (index: number) => {
    store.updateState((state) => ({ ...state, selected: index }));
    setAt(index);
  };

  return (
    <>
      {/* Spotlight moves the selection in the page itself and tells nobody: it is read after each key. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the box pass through here */}
      <div onKeyDownCapture={holdEnter} onKeyDown={() => setAt(Math.max(0, store.getState().selected))}>
        <Spotlight.Search
          ref={box}
          data-autofocus
          leftSection={<IconSearch size={17} aria-hidden />}
          placeholder="Type an action, a collection, a title or a key"
          aria-label="Search everything"
          role="combobox"
          aria-expanded
          aria-autocomplete="list"
          aria-controls={listId}
          aria-activedescendant={chosen ? optionId(active) : undefined}
          onChange={() => {
            setAt(0);
            forget();
          }}
        />
      </div>
      {inLine.length === 0 && settled && <Spotlight.Empty>No action or record matches.</Spotlight.Empty>}
      {/* Not Spotlight.ActionsList: what scrolls in it is not the list box, and cannot be reached by keyboard. */}
      <div id={listId} role="listbox" aria-label="Results" className={classes.list}>
        {groups.map((group) => (
          <Spotlight.ActionsGroup key={group.name} label={group.name} role="group" aria-label={group.name}>
            {group.items.map((entry) => (
              <PaletteLine
                key={entry.id}
                entry={entry}
                index={inLine.indexOf(entry)}
                active={entry === chosen}
                onPoint={point}
              />
            ))}
          </Spotlight.ActionsGroup>
        ))}
      </div>
    </>
  );
}

/** Enter right after the last letter means the record that this text finds, not the one shown for a shorter text. */
function useEnter(chosen: Entry | undefined, settled: boolean) {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!held || !settled) return;
    setHeld(false);
    chosen?.run();
  }, [held, settled, chosen]);
  const holdEnter = (event: KeyboardEvent) => {
    const isCommand = chosen !== undefined && chosen.key === undefined;
    if (event.key !== "Enter" || event.nativeEvent.isComposing || settled || isCommand) return;
    event.preventDefault();
    event.stopPropagation();
    setHeld(true);
  };
  return { holdEnter, forget: () => setHeld(false) };
}

const optionId = (index: number) => `palette-${index}`;

type LineProps = { entry: Entry; index: number; active: boolean; onPoint: (index: number) => void };

function PaletteLine({ entry, index, active, onPoint }: LineProps) {
  return (
    <Spotlight.Action
      // Spotlight does not pass `id` on.
      ref={(button) => void button?.setAttribute("id", optionId(index))}
      role="option"
      aria-selected={active}
      data-selected={active || undefined}
      onMouseMove={() => onPoint(index)}
      onClick={entry.run}
    >
      {entry.key !== undefined && <IconFileText size={15} aria-hidden />}
      <span className="ellipsis">{entry.title}</span>
      {entry.key !== undefined && <span className="mono faint">{entry.key}</span>}
      {entry.shortcut && (
        <span className={classes.end}>
          <Keys shortcut={entry.shortcut} />
        </span>
      )}
    </Spotlight.Action>
  );
}
