/** The frame of a page: its heading, its actions, its content. */
import type { ReactNode } from "react";
import classes from "./ui.module.css";

type PageProps = {
  title: string;
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
};

export function Page({ title, about, actions, children, flush }: PageProps) {
  return (
    <section className={classes.page} aria-labelledby="page-title">
      <header className={classes.pageHead}>
        <h1 id="page-title" className={classes.pageTitle}>
          {title}
        </h1>
        {about && <div className={classes.pageAbout}>{about}</div>}
        <div className={classes.pageActions}>{actions}</div>
      </header>
      {flush ? (
        <div className={classes.pageFlush}>{children}</div>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to scroll by keyboard
        <section className={classes.pageBody} tabIndex={0} aria-labelledby="page-title">
          {children}
        </section>
      )}
    </section>
  );
}

/** A titled box. */
export function Panel({
  title,
  actions,
  children,
}: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={classes.panel}>
      {title && (
        <header className={classes.panelHead}>
          <h2 className={classes.panelTitle}>{title}</h2>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}
