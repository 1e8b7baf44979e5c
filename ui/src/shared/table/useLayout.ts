/** How the grid of a collection is arranged: remembered on this machine. */
import { useCallback, useEffect, useState } from "react";
import { type Layout, plainLayout, readLayout } from "./columns";

function storageName(address: string, collection: string): string {
  return `steward.layout.${address}.${collection}`;
}

function stored(name: string, keyField: string): Layout {
  const text = localStorage.getItem(name);
  if (text === null) return { ...plainLayout, pinned: [keyField] };
  try {
    return readLayout(JSON.parse(text));
  } catch {
    return plainLayout;
  }
}

export function useLayout(address: string, collection: string, keyField: string) {
  const name = storageName(address, collection);
  const [layout, setLayout] = useState<Layout>(() => stored(name, keyField));
  useEffect(() => setLayout(stored(name, keyField)), [name, keyField]);
  const change = useCallback(
    (next: Layout) => {
      setLayout(next);
      localStorage.setItem(name, JSON.stringify(next));
    },
    [name],
  );
  return [layout, change] as const;
}
