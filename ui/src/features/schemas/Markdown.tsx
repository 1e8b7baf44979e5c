/** Draws parsed Markdown as elements. */
import { type Block, type Inline, parseMarkdown } from "./markdown";
import classes from "./schemas.module.css";

/* biome-ignore-start lint/suspicious/noArrayIndexKey: a parsed text never changes its order */
export function Markdown({ text }: { text: string }) {
  return (
    <article className={classes.prose}>
      {parseMarkdown(text).map((block, at) => (
        <BlockView key={at} block={block} />
      ))}
    </article>
  );
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading":
      return block.level <= 2 ? (
        <h2>
          <Line content={block.content} />
        </h2>
      ) : (
        <h3>
          <Line content={block.content} />
        </h3>
      );
    case "paragraph":
      return (
        <p>
          <Line content={block.content} />
        </p>
      );
    case "list":
      return (
        <ul>
          {block.items.map((item, at) => (
            <li key={at}>
              <Line content={item} />
            </li>
          ))}
        </ul>
      );
    case "code":
      return <pre className="mono">{block.text}</pre>;
    case "table":
      return <TableView block={block} />;
  }
}

function TableView({ block }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    <table>
      <thead>
        <tr>
          {block.head.map((cell, at) => (
            <th key={at}>
              <Line content={cell} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {block.rows.map((row, at) => (
          <tr key={at}>
            {row.map((cell, col) => (
              <td key={col}>
                <Line content={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Line({ content }: { content: Inline[] }) {
  return (
    <>
      {content.map((part, at) => {
        if (part.kind === "code") return <code key={at}>{part.text}</code>;
        if (part.kind === "strong") return <strong key={at}>{part.text}</strong>;
        if (part.kind === "link") {
          return (
            <a key={at} href={part.href} target="_blank" rel="noreferrer noopener">
              {part.text}
            </a>
          );
        }
        return <span key={at}>{part.text}</span>;
      })}
    </>
  );
}
/* biome-ignore-end lint/suspicious/noArrayIndexKey: end */
