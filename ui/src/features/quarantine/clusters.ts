/** Values that are alike: the same words in another case, order or spelling. Pure. */
import { distance } from "fastest-levenshtein";
import type { Ext, FixValue } from "@/ipc";

/** Values that one correction can stand for, most frequent first. */
export type Cluster = { values: FixValue[]; rows: number };

/** What is left of a text without case, accents, punctuation and the order of its words. */
export function fingerprint(value: Ext): string {
  if (typeof value !== "string") return `=${JSON.stringify(value)}`;
  const words = value
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
  return words.length === 0 ? `=${JSON.stringify(value)}` : [...new Set(words)].sort().join(" ");
}

/** One slip in a short word, two in a long one. Figures are never alike: 52 and 53 are two values. */
function isSlip(one: string, other: string): boolean {
  if (/\p{N}/u.test(one + other)) return false;
  if (one.startsWith("=") || other.startsWith("=") || Math.min(one.length, other.length) < 5) return false;
  return distance(one, other) <= (Math.max(one.length, other.length) < 9 ? 1 : 2);
}

/** Alike texts together. What is only one slip away joins the most frequent cluster that it is like. */
export function clustersOf(values: readonly FixValue[]): Cluster[] {
  const clusters: { print: string; values: FixValue[] }[] = [];
  for (const value of values) {
    const print = fingerprint(value.value);
    const home =
      clusters.find((cluster) => cluster.print === print) ??
      clusters.find((cluster) => isSlip(cluster.print, print));
    if (home) home.values.push(value);
    else clusters.push({ print, values: [value] });
  }
  return clusters
    .map(({ values }) => ({ values, rows: values.reduce((sum, { rows }) => sum + rows, 0) }))
    .sort((one, other) => other.rows - one.rows);
}

/** The choice of the schema that a value is like. */
export function likeOf(value: Ext, choices: readonly string[]): string | undefined {
  const print = fingerprint(value);
  return (
    choices.find((choice) => fingerprint(choice) === print) ??
    choices.find((choice) => isSlip(fingerprint(choice), print))
  );
}
