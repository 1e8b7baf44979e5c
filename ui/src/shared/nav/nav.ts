/** Going from place to place, and which collection the person looks at. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import type { CollectionInfo } from "@/ipc";
import { useCollections, useWorkspace } from "../data/workspace";
import type { QuarantineSearch, RecordsSearch } from "./search";

const remembered = "steward.collection";

/** The collection of the address, else the one looked at last, else the first. */
export function useCurrentCollection(): CollectionInfo | undefined {
  const workspace = useWorkspace();
  const collections = useCollections();
  const search = useSearch({ strict: false }) as { c?: string };
  const stored = localStorage.getItem(`${remembered}.${workspace?.address ?? ""}`) ?? undefined;
  const find = (name: string | undefined) => collections.find((collection) => collection.name === name);
  return find(search.c) ?? find(stored) ?? collections[0];
}

export function rememberCollection(address: string, name: string): void {
  localStorage.setItem(`${remembered}.${address}`, name);
}

export function useGo() {
  const navigate = useNavigate();
  const records = useCallback(
    (search: RecordsSearch = {}) => void navigate({ to: "/records", search }),
    [navigate],
  );
  const quarantine = useCallback(
    (search: QuarantineSearch = {}) => void navigate({ to: "/quarantine", search }),
    [navigate],
  );
  const run = useCallback(
    (runId: string) => void navigate({ to: "/imports/$runId", params: { runId } }),
    [navigate],
  );
  const place = useCallback((to: string) => void navigate({ to }), [navigate]);
  return { records, quarantine, run, place };
}
