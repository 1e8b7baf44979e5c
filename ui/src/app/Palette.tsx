/** Every action, every collection, every record by key or title: one box, the keyboard only. */
import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconCornerDownLeft, IconFileText, IconSearch } from "@tabler/icons-react";
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { CollectionInfo, RecordRow } from "@/ipc";
import { type Command, useAllCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { useCurrentCollection, useGo } from "@/shared/nav";
import { Keys } from "@/shared/ui";
import { keyText, plainText } from "@/shared/value/model";
import { inOrder, matching, recordFilter } from "./palette.model";
import classes from "./palette.module.css";

type Entry = { id: string; title: string; group: string; note?: string; command?: Command; run: () => void };

export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    // No transition: who types right after the shortcut must not lose a letter.
    <Modal.Root
      opened={opened}
      onClose={onClose}
      yOffset="12vh"
      size={620}
      padding={0}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label="Search everything">
        {opened && <PaletteBody onClose={onClose} />}
      </Modal.Content>
    </Modal.Root>
  );
}

type Found = { entries: Entry[] /** The records are those of the words as they stand. */; settled: boolean };

function useEntries(text: string, onClose: () => void): Found {
  const commands = useAllCommands();
  const collection = useCurrentCollection();
  const { records, settled } = useRecords(text, collection);
  const go = useGo();
  const run = (work: () => void) => () => {
    onClose();
    work();
  };
  const found = matching(inOrder(commands.filter((command) => command.id !== "palette")), text);
  const entries = [
    ...found.slice(0, text === "" ? 40 : 12).map((command) => ({
      id: command.id,
      title: command.title,
      group: command.group,
      command,
      run: run(command.run),
    })),
    ...records.map((row) => ({
      id: `record-${keyText(row.key)}`,
      title: titleOf(row, collection),
      note: keyText(row.key),
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

function PaletteBody({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLInputElement>(null);
  const { entries, settled } = useEntries(text, onClose);
  const [entered, setEntered] = useState(false);
  const active = Math.min(at, Math.max(0, entries.length - 1));
  useLayoutEffect(() => box.current?.focus(), []);
  useEffect(() => {
    list.current?.querySelector(`#palette-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [active]);

  // Enter right after the last letter means the record that these words find, not the one shown for fewer.
  const chosen = entries[active];
  useEffect(() => {
    if (!entered || !settled) return;
    setEntered(false);
    chosen?.run();
  }, [entered, settled, chosen]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(entries.length - 1, active + 1));
    else if (event.key === "ArrowUp") setAt(Math.max(0, active - 1));
    else if (event.key === "Enter" && chosen?.command) chosen.run();
    else if (event.key === "Enter") setEntered(true);
    else return;
    event.preventDefault();
  };

  return (
    <>
      <div className={classes.box}>
        <IconSearch size={17} aria-hidden />
        <input
          ref={box}
          className={classes.input}
          data-autofocus
          value={text}
          placeholder="Type an action, a collection, a title or a key"
          aria-label="Search everything"
          role="combobox"
          aria-expanded
          aria-controls="palette-list"
          aria-activedescendant={`palette-${active}`}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
            setEntered(false);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id="palette-list" role="listbox" aria-label="Results" className={classes.list}>
        {entries.length === 0 && <div className={classes.none}>Nothing fits these words.</div>}
        {entries.map((entry, index) => (
          <PaletteLine
            key={entry.id}
            entry={entry}
            index={index}
            active={index === active}
            heading={entry.group !== entries[index - 1]?.group}
            onPoint={() => setAt(index)}
          />
        ))}
      </div>
    </>
  );
}

type LineProps = { entry: Entry; index: number; active: boolean; heading: boolean; onPoint: () => void };

function PaletteLine({ entry, index, active, heading, onPoint }: LineProps) {
  return (
    <>
      {heading && (
        <div className={classes.group} role="presentation">
          {entry.group}
        </div>
      )}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the box above holds the focus */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the box above handles keys */}
      <div
        id={`palette-${index}`}
        role="option"
        aria-selected={active}
        className={classes.line}
        data-active={active || undefined}
        onMouseMove={onPoint}
        onClick={entry.run}
      >
        {entry.command ? null : <IconFileText size={15} aria-hidden />}
        <span className="ellipsis">{entry.title}</span>
        {entry.note && <span className="mono faint">{entry.note}</span>}
        <span className={classes.end}>
          {entry.command?.shortcut && <Keys shortcut={entry.command.shortcut} />}
          {active && !entry.command?.shortcut && <IconCornerDownLeft size={14} aria-hidden />}
        </span>
      </div>
    </>
  );
}
