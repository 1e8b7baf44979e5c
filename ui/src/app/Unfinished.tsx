/** What was cut off, on every page until somebody decides: collections may stand in the middle of changing places. */
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { UnfinishedWork } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import classes from "./shell.module.css";

/** Imports that can simply go on are counted on the rail; what changes places or is half undone cannot wait. */
const cannotWait = (one: UnfinishedWork) => one.swapping || one.kind !== "import";

export function Unfinished() {
  const work = useCall("workspace.unfinished", {}).data?.work.filter(cannotWait) ?? [];
  if (work.length === 0) return null;
  return (
    <div className={classes.notices} role="alert">
      {work.map((one) => (
        <div key={`${one.kind}-${one.id}`} className={classes.notice}>
          <IconAlertTriangle size={15} aria-hidden />
          <span>
            {one.message} {one.swapping && "Until then, records are shown from their current location. "}
            <Where one={one} />
          </span>
        </div>
      ))}
    </div>
  );
}

function Where({ one }: { one: UnfinishedWork }) {
  const ways = one.canGoBack ? "Finish or roll back" : "Finish";
  if (one.kind === "restore" || one.kind === "undoRestore") return <Link to="/backups">{ways}</Link>;
  return (
    <Link to="/imports/$runId" params={{ runId: one.id }}>
      {ways}
    </Link>
  );
}
