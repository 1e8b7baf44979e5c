/** Importing files, and the list of what was imported before. */
import { Button, Group } from "@mantine/core";
import {
  IconDatabaseImport,
  IconFolder,
  IconPencil,
  IconPlugConnected,
  IconUpload,
} from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type RunRecord, type Runs } from "@/ipc";
import { type Command, useCommands } from "@/shared/commands/registry";
import { useCall } from "@/shared/data/queries";
import { useWorkspace } from "@/shared/data/workspace";
import { pickFiles, pickFolder, useNativeFiles } from "@/shared/files";
import { useGo } from "@/shared/nav";
import { Empty, Loaded, Page, StateMark, showError, Timestamp } from "@/shared/ui";
import { count, number } from "@/shared/words/words";
import { DatabaseSource } from "./DatabaseSource";
import { dropImportDraft, useBeginImport, useGoToStep, useImportDrafts } from "./drafts";
import { importAbout, importTitle } from "./drafts.model";
import classes from "./imports.module.css";
import { runTitle, stateTones, stateWords } from "./model";

export function ImportsPage() {
  const begin = useBeginImport();
  const [elsewhere, setElsewhere] = useState(false);
  const native = useNativeFiles();
  const readOnly = useWorkspace()?.readOnly ?? false;
  const choose = async () => {
    try {
      begin(await pickFiles(native, "import", true));
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  const chooseFolder = async () => {
    try {
      const folder = await pickFolder();
      // What a folder itself takes on the disk says nothing.
      if (folder) begin([{ ...folder, bytes: 0 }]);
    } catch (thrown) {
      showError(asApiError(thrown));
    }
  };
  const folders: Command[] = native
    ? [
        {
          id: "imports.folder",
          title: "Import a mongodump folder",
          group: "Imports",
          run: () => void chooseFolder(),
        },
      ]
    : [];
  useCommands(
    readOnly
      ? []
      : [
          ...folders,
          {
            id: "imports.database",
            title: "Import from a MongoDB database or another workspace",
            group: "Imports",
            run: () => setElsewhere(true),
          },
          {
            id: "imports.choose",
            title: "Import files",
            group: "Imports",
            shortcut: "n",
            run: () => void choose(),
          },
        ],
  );
  const button = (
    <Group gap="xs">
      <Button
        variant="default"
        leftSection={<IconPlugConnected size={14} />}
        disabled={readOnly}
        onClick={() => setElsewhere(true)}
      >
        From a database…
      </Button>
      {native && (
        <Button
          variant="default"
          leftSection={<IconFolder size={14} />}
          disabled={readOnly}
          onClick={() => void chooseFolder()}
        >
          From a folder…
        </Button>
      )}
      <Button leftSection={<IconUpload size={14} />} disabled={readOnly} onClick={() => void choose()}>
        Choose files
      </Button>
    </Group>
  );
  return (
    <Page title="Imports" actions={button} flush>
      {!readOnly && <Drafts />}
      <RunList button={button} />
      <DatabaseSource
        opened={elsewhere}
        onClose={() => setElsewhere(false)}
        onSource={(source) => {
          setElsewhere(false);
          begin([source]);
        }}
      />
    </Page>
  );
}

/** Imports that were begun and left: nothing of them is written yet. */
function Drafts() {
  const drafts = useImportDrafts();
  const go = useGoToStep();
  if (drafts.length === 0) return null;
  return (
    <section className={classes.drafts} aria-labelledby="import-drafts">
      <h2 id="import-drafts" className={classes.draftsTitle}>
        <IconPencil size={14} aria-hidden /> {count(drafts.length, "import")} not finished
      </h2>
      <ul>
        {drafts.map((draft) => (
          <li key={draft.id}>
            <span className={classes.draftText}>
              <button type="button" className={classes.link} onClick={() => go(draft.id, draft.step)}>
                {importTitle(draft)}
              </button>{" "}
              <span className="faint">
                {importAbout(draft)} · begun <Timestamp at={draft.startedAt} />
              </span>
            </span>
            <Button variant="default" size="compact-xs" onClick={() => go(draft.id, draft.step)}>
              Continue
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              aria-label={`Discard the import of ${importTitle(draft)}`}
              onClick={() => dropImportDraft(draft.id)}
            >
              Discard
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

const someRunning = ({ runs }: Runs) => runs.some((run) => run.state === "running");

function RunList({ button }: { button: React.ReactNode }) {
  const runs = useCall("runs.list", {}, { again: someRunning });
  return (
    <Loaded query={runs}>
      {(data) =>
        data.runs.length === 0 ? (
          <Empty
            icon={<IconDatabaseImport size={34} stroke={1.3} />}
            title="Nothing has been imported yet"
            action={button}
          >
            Choose files, or drop them on the window: JSON, tables, spreadsheets, SQLite files, MongoDB dumps.
            They are checked against their schema before anything is written, and every import can be undone.
          </Empty>
        ) : (
          <div className={classes.tableWrap}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th>File</th>
                  <th>Collection</th>
                  <th>State</th>
                  <th className="num">Read</th>
                  <th className="num">Added</th>
                  <th className="num">Updated</th>
                  <th className="num">Unchanged</th>
                  <th className="num">Quarantined</th>
                  <th>When</th>
                  <th>Who</th>
                </tr>
              </thead>
              <tbody>
                {data.runs.map((run) => (
                  <RunLine key={run.id} run={run} />
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Loaded>
  );
}

function RunLine({ run }: { run: RunRecord }) {
  const go = useGo();
  const { counts } = run;
  return (
    <tr onClick={() => go.run(run.id)}>
      <td>
        <button type="button" className={classes.link} title={runTitle(run)} onClick={() => go.run(run.id)}>
          <span className={classes.cut}>{runTitle(run)}</span>
        </button>
      </td>
      <td>{run.collection}</td>
      <td>
        <StateMark tone={stateTones[run.state]}>{stateWords[run.state]}</StateMark>
      </td>
      <td className="num">{number(counts.read)}</td>
      <td className="num">{number(counts.inserted)}</td>
      <td className="num">{number(counts.updated)}</td>
      <td className="num">{number(counts.unchanged)}</td>
      <td className="num">
        {counts.quarantined > 0 ? <span className={classes.bad}>{number(counts.quarantined)}</span> : "0"}
      </td>
      <td>
        <Timestamp at={run.startedAt} />
      </td>
      <td>{run.actor}</td>
    </tr>
  );
}
