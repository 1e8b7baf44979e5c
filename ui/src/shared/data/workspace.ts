/** Small reads that many places share. */
import type { CollectionInfo, SchemaDetail, WorkspaceInfo } from "@/ipc";
import { useCall } from "./queries";

export function useWorkspace(): WorkspaceInfo | undefined {
  return useCall("workspace.current", {}).data?.workspace;
}

export function useCollections(): CollectionInfo[] {
  const workspace = useWorkspace();
  return useCall("collections.list", {}, { enabled: workspace !== undefined }).data?.collections ?? [];
}

export function useCollection(name: string | undefined): CollectionInfo | undefined {
  return useCollections().find((collection) => collection.name === name);
}

/** The schema of a collection; nothing when it has none. */
export function useSchema(id: string | undefined): SchemaDetail | undefined {
  return useCall("schemas.get", { schema: id ?? "" }, { enabled: id !== undefined && id !== "" }).data;
}
