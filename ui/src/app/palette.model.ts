/** Finding in the palette. Pure. */
import type { CollectionInfo, Filter } from "@/ipc";

type Findable = { title: string; group: string; also?: string };

const usual = ["Go to", "Edit", "Backups", "Collections", "Workspace", "Appearance", "Help"];

/** What belongs to the page comes first, then what works everywhere. */
export function inOrder<T extends Findable>(items: T[]): T[] {
  const place = (item: T) => usual.indexOf(item.group);
  return [...items].sort((one, other) => place(one) - place(other));
}

/** Items of one group together; the groups in the order in which their first items come. */
export function inGroups<T extends { group: string }>(items: T[]): { name: string; items: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  return [...groups].map(([name, members]) => ({ name, items: members }));
}

/** All words have to occur; titles that begin with them come first. */
export function matching<T extends Findable>(items: T[], text: string): T[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items;
  return items
    .filter((item) => {
      const all = `${item.title} ${item.group} ${item.also ?? ""}`.toLowerCase();
      return words.every((word) => all.includes(word));
    })
    .sort((one, other) => rank(one, words) - rank(other, words));
}

function rank(item: Findable, words: string[]): number {
  const title = item.title.toLowerCase();
  const first = words[0] ?? "";
  if (title.startsWith(first)) return 0;
  return title.includes(first) ? 1 : 2;
}

const large = 50_000;

/** Records whose key or title fits. In large collections only what an index can serve. */
export function recordFilter(text: string, collection: CollectionInfo): Filter | undefined {
  if (text.length < 2) return undefined;
  const byKey: Filter = {
    op: "startsWith",
    field: collection.keyField,
    text,
    ignoreCase: collection.records < large,
  };
  if (!collection.titleField) return byKey;
  if (collection.records < large) {
    return {
      op: "or",
      any: [byKey, { op: "contains", field: collection.titleField, text, ignoreCase: true }],
    };
  }
  return collection.textFields.length > 0 && /\s|^\D/.test(text) ? { op: "text", text } : byKey;
}
