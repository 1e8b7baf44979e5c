/** What was cut off, on every page until somebody decides: collections may stand in the middle of changing places. */

import { Anchor } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { asApiError, call, type UnfinishedWork } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { showError } from "@/shared/ui/toasts";
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
  if (one.kind === "change") return <Ways one={one} />;
  const ways = one.canGoBack ? "Finish or roll back" : "Finish";
  if (one.kind === "restore" || one.kind === "undoRestore") return <Link to="/backups">{ways}</Link>;
  return (
    <Link to="/imports/$runId" params={{ runId: one.id }}>
      {ways}
    </Link>
  );
}

/** A change of many records has no page: it is finished or rolled back from here, as a job. */
function Ways({ one }: { one: UnfinishedWork }) {
  const start = (way: "history.resume" | "history.goBack") => {
    call(way, { changeSet: one.id }).catch((thrown: unknown) => showError(asApiError(thrown)));
  };
  return (
    <>
      <Anchor component="button" type="button" size="sm" onClick={() => start("history.resume")}>
        Finish
      </Anchor>
      {one.canGoBack && (
        <>
          {" or "}
          <Anchor component="button" type="button" size="sm" onClick={() => start("history.goBack")}>
            roll back
          </Anchor>
        </>
      )}
    </>
  );
}
