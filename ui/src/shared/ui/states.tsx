/** The four states of everything that is loaded: waiting, nothing there, something wrong, and the content. */
import { Button, Code, CopyButton, Group, Skeleton, Stack, Text } from "@mantine/core";
import { IconAlertCircle, IconRefresh } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import type { ApiError } from "@/ipc";
import classes from "./ui.module.css";

/** True once waiting has lasted long enough to be shown; quick answers never flicker. */
export function useSlow(waiting: boolean, after = 150): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!waiting) {
      setSlow(false);
      return;
    }
    const timer = setTimeout(() => setSlow(true), after);
    return () => clearTimeout(timer);
  }, [waiting, after]);
  return waiting && slow;
}

export function Loading({ rows = 8, height = 18 }: { rows?: number; height?: number }) {
  const slow = useSlow(true);
  if (!slow) return <div aria-busy="true" />;
  return (
    <Stack gap={10} p="md" aria-busy="true">
      <span className="visually-hidden" role="status">
        Loading
      </span>
      {Array.from({ length: rows }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <Skeleton key={at} height={height} width={`${92 - ((at * 17) % 40)}%`} radius={4} />
      ))}
    </Stack>
  );
}

type EmptyProps = { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode };

/** What this place is for and the one thing to do. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      {icon && <div className={classes.emptyIcon}>{icon}</div>}
      <Text fw={600} size="md">
        {title}
      </Text>
      {children && (
        <Text size="sm" c="dimmed" maw={440} ta="center" component="div">
          {children}
        </Text>
      )}
      {action && <div>{action}</div>}
    </div>
  );
}

/** What happened, what to do, and the way to try again. Code and details are a click away. */
export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  return (
    <div className={classes.empty} role="alert">
      <div className={classes.problemIcon}>
        <IconAlertCircle size={28} stroke={1.6} />
      </div>
      <Text fw={600} size="md" ta="center">
        {error.message}
      </Text>
      {error.hint && (
        <Text size="sm" c="dimmed" maw={460} ta="center">
          {error.hint}
        </Text>
      )}
      <Group gap="xs">
        {retry && (
          <Button leftSection={<IconRefresh size={14} />} onClick={retry}>
            Try again
          </Button>
        )}
        <ErrorDetails error={error} />
      </Group>
    </div>
  );
}

/** What is shown is from before: it could not be asked again. */
export function Outdated({ error, retry }: { error: ApiError; retry: () => void }) {
  return (
    <div className={classes.outdated} role="alert">
      <IconAlertCircle size={15} aria-hidden />
      <span>
        {error.message} {error.hint} This page may be outdated.
      </span>
      <Button variant="subtle" size="compact-xs" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}

export function ErrorDetails({ error }: { error: ApiError }) {
  const [open, setOpen] = useState(false);
  const text = `${error.code}${error.details ? `: ${error.details}` : ""}`;
  if (!open) {
    return (
      <Button variant="subtle" color="gray" onClick={() => setOpen(true)}>
        Details
      </Button>
    );
  }
  return (
    <Group gap={6}>
      <Code>{text}</Code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="subtle" color="gray" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}

type QueryLike<T> = { data: T | undefined; error: ApiError | null; refetch: () => unknown };

/** Draws the state a query is in; the content only when it is there. */
export function Loaded<T>({
  query,
  rows,
  children,
}: {
  query: QueryLike<T>;
  rows?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error) return <Problem error={query.error} retry={() => void query.refetch()} />;
  return <Loading {...(rows ? { rows } : {})} />;
}
