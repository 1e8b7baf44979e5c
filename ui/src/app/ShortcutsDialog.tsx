/** All shortcuts, from the one list of commands, and the keys of the grid. */
import { Modal } from "@mantine/core";
import { useAllCommands } from "@/shared/commands/registry";
import { Keys } from "@/shared/ui";
import classes from "./shell.module.css";

const gridKeys: [string, string][] = [
  ["Edit the cell, then type in the next ones", "enter"],
  ["Edit the cell", "f2"],
  ["Open the record", "mod+enter"],
  ["Tick the rows of the block", "space"],
  ["Move the column left", "alt+arrowleft"],
  ["Move the column right", "alt+arrowright"],
  ["Narrow the column", "alt+shift+arrowleft"],
  ["Widen the column", "alt+shift+arrowright"],
  ["Clear the cells", "delete"],
  ["Fill down", "mod+d"],
  ["Copy the block", "mod+c"],
  ["Paste a block", "mod+v"],
  ["Stop editing", "escape"],
];

export function ShortcutsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const commands = useAllCommands().filter((command) => command.shortcut);
  const groups = [...new Set(commands.map((command) => command.group))];
  return (
    <Modal opened={opened} onClose={onClose} title="Shortcuts" size={720}>
      <div className={classes.shortcuts}>
        {groups.map((group) => (
          <section key={group}>
            <h3 className={classes.shortcutsTitle}>{group}</h3>
            {commands
              .filter((command) => command.group === group)
              .map((command) => (
                <Line key={command.id} title={command.title} shortcut={command.shortcut ?? ""} />
              ))}
          </section>
        ))}
        <section>
          <h3 className={classes.shortcutsTitle}>In the grid</h3>
          {gridKeys.map(([title, shortcut]) => (
            <Line key={title} title={title} shortcut={shortcut} />
          ))}
        </section>
      </div>
    </Modal>
  );
}

function Line({ title, shortcut }: { title: string; shortcut: string }) {
  return (
    <div className={classes.shortcutLine}>
      <span>{title}</span>
      <Keys shortcut={shortcut} />
    </div>
  );
}
