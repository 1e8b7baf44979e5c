/** What a person should read once when a workspace opens: recovered after a crash, missing permissions. */
import { CloseButton } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import { useState } from "react";
import type { WorkspaceInfo } from "@/ipc";
import classes from "./shell.module.css";

export function Notices({ workspace }: { workspace: WorkspaceInfo }) {
  const [read, setRead] = useState<string[]>([]);
  const open = workspace.notices.filter((notice) => !read.includes(notice));
  if (open.length === 0) return null;
  return (
    <div className={classes.notices} role="status">
      {open.map((notice) => (
        <div key={notice} className={classes.notice}>
          <IconInfoCircle size={15} aria-hidden />
          <span>{notice}</span>
          <CloseButton size="sm" aria-label="Dismiss" onClick={() => setRead([...read, notice])} />
        </div>
      ))}
    </div>
  );
}
