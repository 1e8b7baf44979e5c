import { expect, it } from "vitest";
import { inline, parseMarkdown } from "./markdown";

it("reads headings, lists, tables, code and paragraphs", () => {
  const blocks = parseMarkdown(
    "# T\n\ntext on\ntwo lines\n\n- one\n- two\n  more\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nx < y\n```",
  );
  expect(blocks.map((block) => block.kind)).toEqual(["heading", "paragraph", "list", "table", "code"]);
  expect(blocks[2]).toMatchObject({ items: [[{ text: "one" }], [{ text: "two more" }]] });
});

it("never makes links to anything but web pages, and no HTML", () => {
  expect(inline("[x](javascript:alert(1)) <b>")).toEqual([
    { kind: "text", text: "[x](javascript:alert(1)) <b>" },
  ]);
  expect(inline("see [O*NET](https://www.onetcenter.org) and `code`")).toMatchObject([
    { kind: "text" },
    { kind: "link", href: "https://www.onetcenter.org" },
    { kind: "text" },
    { kind: "code", text: "code" },
  ]);
});

it("ends, whatever comes", () => {
  expect(parseMarkdown("| lonely\n#\n```\nopen")).toBeDefined();
});
