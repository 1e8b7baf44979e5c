/** The little of Markdown that readmes of packs use, as data. No HTML ever comes out of it. Pure. */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong"; text: string }
  | { kind: "link"; text: string; href: string };

export type Block =
  | { kind: "heading"; level: number; content: Inline[] }
  | { kind: "paragraph"; content: Inline[] }
  | { kind: "list"; items: Inline[][] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] };

const pattern = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https?:\/\/[^)\s]+)\)/g;

export function inline(text: string): Inline[] {
  const parts: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > at) parts.push({ kind: "text", text: text.slice(at, match.index) });
    if (match[1] !== undefined) parts.push({ kind: "code", text: match[1] });
    else if (match[2] !== undefined) parts.push({ kind: "strong", text: match[2] });
    else parts.push({ kind: "link", text: match[3] ?? "", href: match[4] ?? "" });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ kind: "text", text: text.slice(at) });
  return parts;
}

export function parseMarkdown(source: string): Block[] {
  const lines = source.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = blockAt(lines, at);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

function blockAt(lines: string[], at: number): [Block | undefined, number] {
  const line = lines[at] ?? "";
  if (line.trim() === "") return [undefined, at + 1];
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading)
    return [{ kind: "heading", level: heading[1]?.length ?? 1, content: inline(heading[2] ?? "") }, at + 1];
  if (line.startsWith("```")) return codeBlock(lines, at);
  if (/^\s*[-*]\s+/.test(line)) return listBlock(lines, at);
  if (line.startsWith("|") && /^\|[\s:|-]+\|?$/.test(lines[at + 1] ?? "")) return tableBlock(lines, at);
  let end = at;
  while (end < lines.length && isText(lines[end] ?? "")) end += 1;
  const last = Math.max(end, at + 1);
  return [{ kind: "paragraph", content: inline(lines.slice(at, last).join(" ")) }, last];
}

function isText(line: string): boolean {
  return line.trim() !== "" && !/^(#{1,6}\s|```|\s*[-*]\s+|\|)/.test(line);
}

function codeBlock(lines: string[], at: number): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").startsWith("```")) end += 1;
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function listBlock(lines: string[], at: number): [Block, number] {
  const items: string[] = [];
  let end = at;
  while (end < lines.length && (lines[end] ?? "").trim() !== "") {
    const line = lines[end] ?? "";
    const item = /^\s*[-*]\s+(.*)$/.exec(line);
    if (item) items.push(item[1] ?? "");
    else items[items.length - 1] += ` ${line.trim()}`;
    end += 1;
  }
  return [{ kind: "list", items: items.map(inline) }, end];
}

function tableBlock(lines: string[], at: number): [Block, number] {
  const cells = (line: string) =>
    line
      .replace(/^\||\|\s*$/g, "")
      .split("|")
      .map((cell) => inline(cell.trim()));
  let end = at + 2;
  while (end < lines.length && (lines[end] ?? "").startsWith("|")) end += 1;
  return [{ kind: "table", head: cells(lines[at] ?? ""), rows: lines.slice(at + 2, end).map(cells) }, end];
}
