/** Which workspace this is and how careful to be, which collection, and the way to search everything. */
import { Loader, Menu, Tooltip, UnstyledButton } from "@mantine/core";
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
import { useState } from "react";
import { useOpenRecent } from "@/features/welcome";
import type { WorkspaceInfo } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollections } from "@/shared/data/workspace";
import { rememberCollection, useCurrentCollection, useGo } from "@/shared/nav";
import { Keys, Tag } from "@/shared/ui";
import { number } from "@/shared/words/words";
import classes from "./shell.module.css";

export function TopBar({ workspace, onPalette }: { workspace: WorkspaceInfo; onPalette: () => void }) {
  return (
    <header className={classes.top} data-region data-production={workspace.production || undefined}>
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
  const Icon = kindIcon(workspace.kind);
  const go = useGo();
  const [opened, setOpened] = useState(false);
  return (
    <Menu position="bottom-start" width={380} opened={opened} onChange={setOpened}>
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
        {opened && <RecentItems address={workspace.address} onOpened={() => setOpened(false)} />}
        <Menu.Item onClick={() => go.place("/start")}>Open another workspace…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function kindIcon(kind: WorkspaceInfo["kind"]) {
  return kind === "file" ? IconFile : IconDatabase;
}

const recentShown = 6;

/** Workspaces to change to at once. The menu stays until the other one is open: a server may take a while to answer. */
function RecentItems({ address, onOpened }: { address: string; onOpened: () => void }) {
  const list = useCall("workspace.recent", {}).data?.workspaces ?? [];
  const open = useOpenRecent();
  const [opening, setOpening] = useState<string>();
  const others = list.filter((known) => known.address !== address).slice(0, recentShown);
  if (others.length === 0) return null;
  return (
    <>
      <Menu.Label>Recent workspaces</Menu.Label>
      {others.map((known) => {
        const Icon = kindIcon(known.kind);
        return (
          <Menu.Item
            key={known.id}
            closeMenuOnClick={false}
            disabled={!known.exists || opening !== undefined}
            leftSection={<Icon size={14} aria-hidden />}
            rightSection={
              opening === known.id ? (
                <Loader size={12} />
              ) : known.exists ? null : (
                <Tag tone="warn">not found</Tag>
              )
            }
            onClick={() => {
              setOpening(known.id);
              void open(known.id).finally(onOpened);
            }}
          >
            {known.name}
            <div className={classes.recentAddress}>{known.address}</div>
          </Menu.Item>
        );
      })}
      <Menu.Divider />
    </>
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
