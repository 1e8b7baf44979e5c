/** Draws the readme and the changelog of a schema. HTML in them stays text, and only web pages become links. */
import type { ComponentProps } from "react";
import ReactMarkdown, { type Components, type ExtraProps } from "react-markdown";
import remarkGfm from "remark-gfm";
import classes from "./schemas.module.css";

const components: Components = {
  a: Link,
  // The page has its own title, so that a document starts one level below it.
  h1: Heading,
  h2: Heading,
  h3: SubHeading,
  h4: SubHeading,
  h5: SubHeading,
  h6: SubHeading,
  img: ({ alt }) => alt,
  pre: ({ node: _, ...props }) => <pre className="mono" {...props} />,
};

export function Markdown({ text }: { text: string }) {
  return (
    <article className={classes.prose}>
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={components}>
        {text}
      </ReactMarkdown>
    </article>
  );
}

function Heading({ children }: ComponentProps<"h2">) {
  return <h2>{children}</h2>;
}

function SubHeading({ children }: ComponentProps<"h3">) {
  return <h3>{children}</h3>;
}

function Link({ href, children }: ComponentProps<"a"> & ExtraProps) {
  if (!href || !/^https?:\/\//i.test(href)) return children;
  return (
    <a href={href} target="_blank" rel="noreferrer">
      {children}
    </a>
  );
}
