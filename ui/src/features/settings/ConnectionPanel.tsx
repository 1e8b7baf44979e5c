/** How the connection to this workspace fares: whether it answers, its pool, and what took long. */
import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import type { ConnectionBreaker, ConnectionPool, ConnectionStatus, SlowOperation } from "@/ipc";
import { queryClient, useAction, useCall } from "@/shared/data/queries";
import { Loaded, Panel, StateMark, showError, Timestamp } from "@/shared/ui";
import { count, duration, number } from "@/shared/words/words";
import classes from "./settings.module.css";

export function ConnectionPanel() {
  const status = useCall("connection.status", {});
  const reset = useAction("connection.reset");
  const refused = status.data !== undefined && status.data.breaker.state !== "closed";
  const idle = status.data !== undefined && !refused && status.data.slow.length === 0;
  return (
    <Panel
      title="Connection"
      actions={
        <Button
          variant={refused ? "filled" : "default"}
          loading={reset.isPending}
          disabled={idle}
          leftSection={<IconRefresh size={14} />}
          onClick={() =>
            reset.mutate(
              {},
              {
                onSuccess: (now) => queryClient.setQueryData(["connection.status", {}], now),
                onError: showError,
              },
            )
          }
        >
          {refused ? "Try again now" : "Clear the list"}
        </Button>
      }
    >
      <Loaded query={status} rows={4}>
        {(now) => <Status status={now} />}
      </Loaded>
    </Panel>
  );
}

function Status({ status }: { status: ConnectionStatus }) {
  return (
    <>
      <dl className={classes.facts}>
        <dt>State</dt>
        <dd>
          <Breaker breaker={status.breaker} />
        </dd>
        <dt>Connections</dt>
        <dd>{status.pool ? poolWords(status.pool) : "None to share: this workspace is a file."}</dd>
      </dl>
      {status.slow.length === 0 ? (
        <p className={classes.hint}>
          Nothing has taken longer than {number(status.slowMillis)} ms since this workspace was opened.
        </p>
      ) : (
        <SlowTable slow={status.slow} limit={status.slowMillis} />
      )}
    </>
  );
}

function Breaker({ breaker }: { breaker: ConnectionBreaker }) {
  if (breaker.state === "closed") return <StateMark tone="good">Connected</StateMark>;
  const failed = `It failed ${count(breaker.failures, "time")} in a row.`;
  return (
    <>
      <StateMark tone="bad">left alone</StateMark>
      <div className="dim">
        {breaker.state === "open"
          ? `${failed} It is tried again in ${duration(breaker.secondsLeft ?? 0)}.`
          : `${failed} The next step tries it again.`}
      </div>
    </>
  );
}

function poolWords(pool: ConnectionPool): string {
  const range = pool.max === 0 ? "Without a limit" : `${number(pool.min)} to ${number(pool.max)}`;
  return `${range}, ${number(pool.inUse)} in use. An unused one closes after ${duration(pool.idleSeconds)}; a step waits up to ${duration(pool.waitSeconds)} for one.`;
}

function SlowTable({ slow, limit }: { slow: SlowOperation[]; limit: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to scroll by keyboard
    <section className={classes.slowWrap} tabIndex={0} aria-label="Slow steps">
      <table className={classes.slow}>
        <caption>Steps that took longer than {number(limit)} ms, the longest first</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Asked for</th>
            <th scope="col" className={classes.right}>
              Times
            </th>
            <th scope="col" className={classes.right}>
              Longest
            </th>
            <th scope="col" className={classes.right}>
              Mean
            </th>
            <th scope="col">Last</th>
          </tr>
        </thead>
        <tbody>
          {slow.map((step) => (
            <tr key={`${step.operation} ${step.collection} ${step.shape}`}>
              <td>
                {step.operation} <span className="mono">{step.collection}</span>
              </td>
              <td className="dim">{step.shape}</td>
              <td className={classes.right}>{number(step.count)}</td>
              <td className={classes.right}>{number(step.longestMillis)} ms</td>
              <td className={classes.right}>{number(step.meanMillis)} ms</td>
              <td>
                <Timestamp at={step.lastAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
