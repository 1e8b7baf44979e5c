import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";
import { Markdown } from "./Markdown";

const html = (text: string) => renderToStaticMarkup(<Markdown text={text} />);

it("draws headings, lists, tables and code", () => {
  const drawn = html("# Title\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | `2` |\n\n```\nx < y\n```");
  expect(drawn).toContain("<h2>Title</h2>");
  expect(drawn).toContain("<li>two</li>");
  expect(drawn).toContain("<td><code>2</code></td>");
  expect(drawn).toContain('<pre class="mono"><code>x &lt; y\n</code></pre>');
});

it("shows HTML and scripts as text", () => {
  const drawn = html(
    "<script>alert(1)</script>\n\nA <b onclick='alert(2)'>word</b> <img src=x onerror=alert(3)>",
  );
  expect(drawn).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(drawn).toContain("&lt;b onclick=");
  expect(drawn).not.toMatch(/<(script|b|img)\b/);
});

it("links to web pages only, and loads no pictures", () => {
  expect(html("[O*NET](https://www.onetcenter.org)")).toContain(
    '<a href="https://www.onetcenter.org" target="_blank" rel="noreferrer">O*NET</a>',
  );
  for (const href of [
    "javascript:alert(1)",
    "data:text/html,x",
    "mailto:a@example.com",
    "README.md",
    "#top",
  ]) {
    expect(html(`[here](${href})`)).not.toContain("<a ");
  }
  const picture = html("![a chart](https://example.com/chart.png)");
  expect(picture).toContain("a chart");
  expect(picture).not.toContain("<img");
});
