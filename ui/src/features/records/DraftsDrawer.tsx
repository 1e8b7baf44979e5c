/** Everything that was edited and not saved yet in this workspace: to go on with, or to discard. */
import { Anchor, Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useGo } from "@/shared/nav";
import { Empty, SideDrawer } from "@/shared/ui";
import { dropDraft, useDrafts } from "./drafts";
import { draftAbout, draftName, draftTitle, type KeptDraft } from "./drafts.model";
import classes from "./records.module.css";

export function DraftsDrawer({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const drafts = useDrafts();
  return (
    <SideDrawer title="Not saved yet" opened={opened} onClose={onClose}>
      {drafts.length === 0 ? (
        <Empty icon={<IconPencil size={30} stroke={1.4} />} title="Everything is saved">
          Records that were edited and not saved are kept here.
        </Empty>
      ) : (
        <>
          <p className={classes.draftsAbout}>
            These edits are kept on this machine only. They change no record until they are saved.
          </p>
          <ul className={classes.drafts} aria-label="Records that are not saved">
            {drafts.map((kept) => (
              <DraftLine
                key={draftName(kept.address, kept.collection, kept.key)}
                kept={kept}
                onClose={onClose}
              />
            ))}
          </ul>
        </>
      )}
    </SideDrawer>
  );
}

function DraftLine({ kept, onClose }: { kept: KeptDraft; onClose: () => void }) {
  const go = useGo();
  const { address, collection, key } = kept;
  const open = () => {
    onClose();
    go.records({ c: collection, ...(key === undefined ? { adding: true } : { open: key }) });
  };
  return (
    <li>
      <div className={classes.draftText}>
        <Anchor component="button" type="button" size="sm" onClick={open}>
          {draftTitle(kept)}
        </Anchor>
        <div className="faint">{draftAbout(kept)}</div>
      </div>
      <Button
        variant="subtle"
        color="gray"
        aria-label={`Discard ${draftTitle(kept)}`}
        onClick={() => dropDraft(address, collection, key)}
      >
        Discard
      </Button>
    </li>
  );
}
