/** Which workspace this is and how careful to be, which collection, and the way to search everything. */
import { Menu, Tooltip, UnstyledButton } from "@mantine/core";
import {
  IconCheck,
  IconChevronDown,
  IconDatabase,
  IconFile,
  IconLock,
  IconSearch,
  IconShieldExclamation,
} from "@tabler/icons-react";
import { useLocation } from "@tanstack/react-router";
import type { WorkspaceInfo } from "@/ipc";
import { useCollections } from "@/shared/data/workspace";
import { rememberCollection, useCurrentCollection, useGo } from "@/shared/nav";
import { Keys, Tag } from "@/shared/ui";
import { number } from "@/shared/words/words";
import classes from "./shell.module.css";
import { closeWorkspace } from "./useAppCommands";

export function TopBar({ workspace, onPalette }: { workspace: WorkspaceInfo; onPalette: () => void }) {
  return (
    <header className={classes.top} data-production={workspace.production || undefined}>
      <WorkspaceMenu workspace={workspace} />
      <CollectionMenu address={workspace.address} />
      <button type="button" className={classes.search} onClick={onPalette} aria-label="Search everything">
        <IconSearch size={14} aria-hidden />
        <span className={classes.searchText}>Search records and actions</span>
        <Keys shortcut="mod+k" />
      </button>
    </header>
  );
}

function WorkspaceMenu({ workspace }: { workspace: WorkspaceInfo }) {
  const Icon = workspace.kind === "file" ? IconFile : IconDatabase;
  return (
    <Menu position="bottom-start" width={340}>
      <Menu.Target>
        <UnstyledButton className={classes.workspace} aria-label={`Workspace ${workspace.name}`}>
          <Icon size={16} stroke={1.7} aria-hidden />
          <span className={classes.workspaceName}>{workspace.name}</span>
          <Tag>{workspace.kind === "file" ? "file" : "MongoDB"}</Tag>
          {workspace.readOnly && (
            <Tag tone="warn">
              <IconLock size={11} className={classes.inlineIcon} aria-hidden /> read-only
            </Tag>
          )}
          {workspace.production && (
            <Tag tone="bad">
              <IconShieldExclamation size={12} className={classes.inlineIcon} aria-hidden /> production
            </Tag>
          )}
          <IconChevronDown size={13} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.address}>
          <div className="mono">{workspace.address}</div>
          <div className="faint">{workspace.server}</div>
        </div>
        <Menu.Divider />
        <Menu.Item onClick={() => void closeWorkspace()}>Open another workspace…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function CollectionMenu({ address }: { address: string }) {
  const collections = useCollections();
  const current = useCurrentCollection();
  const go = useGo();
  const path = useLocation({ select: (location) => location.pathname });
  if (!current) return null;
  const choose = (name: string) => {
    rememberCollection(address, name);
    if (path === "/quality") go.place(`/quality?c=${encodeURIComponent(name)}`);
    else go.records({ c: name });
  };
  return (
    <Menu position="bottom-start" width={280}>
      <Menu.Target>
        <UnstyledButton className={classes.collection} aria-label={`Collection ${current.name}`}>
          <span className={classes.collectionName}>{current.name}</span>
          <span className="faint">{number(current.records)}</span>
          <IconChevronDown size={13} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Collections</Menu.Label>
        {collections.map((collection) => (
          <Menu.Item
            key={collection.name}
            leftSection={
              collection.name === current.name ? <IconCheck size={14} /> : <span className={classes.noIcon} />
            }
            rightSection={<span className="faint">{number(collection.records)}</span>}
            onClick={() => choose(collection.name)}
          >
            {collection.name}
            {collection.waiting > 0 && (
              <Tooltip label={`${number(collection.waiting)} rows waiting in quarantine`}>
                <span>
                  {" "}
                  <Tag tone="bad">{number(collection.waiting)} waiting</Tag>
                </span>
              </Tooltip>
            )}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
