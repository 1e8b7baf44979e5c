/** A list of backups, newest first. */
import { ActionIcon, Menu, Tooltip } from "@mantine/core";
import { IconDots, IconLock } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { Backup } from "@/ipc";
import { useWorkspace } from "@/shared/data/workspace";
import { StateMark, Timestamp } from "@/shared/ui";
import { bytes, number } from "@/shared/words/words";
import { useVerification } from "./actions";
import classes from "./backups.module.css";
import { askRestore } from "./host";
import { placeWords, verificationOf } from "./model";

type TableProps = { backups: Backup[]; label: string; withWorkspace?: boolean };

export function BackupTable({ backups, label, withWorkspace }: TableProps) {
  return (
    <div className={classes.scroll}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            <th>Taken</th>
            {withWorkspace && <th>Workspace</th>}
            <th>Verified</th>
            <th className="num">Records</th>
            <th className="num">Size</th>
            <th>Why</th>
            <th>Place</th>
            <th>
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {backups.map((backup) => (
            <Line key={backup.id} backup={backup} withWorkspace={withWorkspace ?? false} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ backup, withWorkspace }: { backup: Backup; withWorkspace: boolean }) {
  const navigate = useNavigate();
  const open = () => void navigate({ to: "/backups/$backupId", params: { backupId: backup.id } });
  return (
    <tr onClick={open}>
      <td>
        <button type="button" className={classes.link} onClick={open}>
          <Timestamp at={backup.madeAt} />
        </button>
        {backup.encryption.kind !== "none" && (
          <Tooltip label="Encrypted">
            <IconLock size={13} className={classes.lock} role="img" aria-label="encrypted" />
          </Tooltip>
        )}
      </td>
      {withWorkspace && <td>{backup.workspace}</td>}
      <td className={classes.verification}>
        <Verification backup={backup} />
      </td>
      <td className="num">{number(backup.records)}</td>
      <td className="num">
        <Tooltip label={`${bytes(backup.plainBytes)} of records`}>
          <span>
            {bytes(backup.bytes)} <span className="faint">of {bytes(backup.plainBytes)}</span>
          </span>
        </Tooltip>
      </td>
      <td>{backup.reason}</td>
      <td>
        <Places backup={backup} />
      </td>
      <td className={classes.more}>
        <LineMenu backup={backup} onOpen={open} />
      </td>
    </tr>
  );
}

export function Verification({ backup }: { backup: Backup }) {
  const mark = verificationOf(backup);
  return <StateMark tone={mark.tone}>{mark.words}</StateMark>;
}

function Places({ backup }: { backup: Backup }) {
  const all = [backup.place, ...backup.copies];
  return (
    <Tooltip label={all.map((place) => <div key={place}>{place}</div>)}>
      <span>
        {placeWords(backup.place)}
        {backup.copies.length > 0 && <span className="faint"> and {number(backup.copies.length)} more</span>}
      </span>
    </Tooltip>
  );
}

function LineMenu({ backup, onOpen }: { backup: Backup; onOpen: () => void }) {
  const readOnly = useWorkspace()?.readOnly ?? false;
  const { busy, verify } = useVerification();
  const from = { kind: "backup" as const, id: backup.id, place: backup.place };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          aria-label="More about this backup"
          loading={busy !== undefined}
          onClick={(event) => event.stopPropagation()}
        >
          <IconDots size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown onClick={(event) => event.stopPropagation()}>
        <Menu.Item disabled={readOnly} onClick={() => void verify(backup, true)}>
          Verify by a test restore
        </Menu.Item>
        <Menu.Item disabled={readOnly} onClick={() => void verify(backup, false)}>
          Read and check the whole file
        </Menu.Item>
        <Menu.Item disabled={readOnly || backup.damage !== undefined} onClick={() => askRestore({ from })}>
          Restore…
        </Menu.Item>
        <Menu.Item onClick={onOpen}>Details, look inside, compare</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
