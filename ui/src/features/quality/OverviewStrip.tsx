/** The four figures above the grid, each against its target. A click opens the records that fail it. */
import { Button, Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconRefresh,
  IconShieldCheck,
  IconShieldX,
} from "@tabler/icons-react";
import type { CollectionInfo, Finding, LastQuality, Metric } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useGo } from "@/shared/nav";
import { Timestamp } from "@/shared/ui";
import { ago, count, isVerificationOld, metricWords, number } from "@/shared/words/words";
import { metricTarget, metricValue, stateTones, stateWord } from "./model";
import classes from "./quality.module.css";
import { useMeasure } from "./useMeasure";

type StripProps = { collection: CollectionInfo; finding: Finding | undefined };

const icons = { good: IconCircleCheck, bad: IconAlertTriangle, unknown: IconCircleDashed } as const;

export function OverviewStrip({ collection, finding }: StripProps) {
  const last = useCall("quality.last", { collection: collection.name });
  const { busy, measure } = useMeasure(collection.name);
  if (last.error || !last.data) return <div className={classes.strip} />;
  const report = last.data.report;
  return (
    <section className={classes.strip} aria-label="Quality of this collection">
      {report ? (
        report.metrics.map((metric) => (
          <StripFigure
            key={metric.name}
            metric={metric}
            collection={collection.name}
            active={finding === metric.name}
          />
        ))
      ) : (
        <span className="dim">Quality has not been measured yet.</span>
      )}
      <span className={classes.spring} />
      <LastVerification />
      <Measured last={last.data} />
      <Button
        variant="subtle"
        size="compact-xs"
        loading={busy}
        leftSection={<IconRefresh size={13} />}
        onClick={measure}
      >
        Measure
      </Button>
    </section>
  );
}

/** Backups lie at their places, maybe far away: they are not asked for with each look at the records. */
const listLasts = 10 * 60_000;

/** How long ago the last backup was verified; a click opens the backups. */
function LastVerification() {
  const go = useGo();
  const list = useCall("backups.list", {}, { lasts: listLasts });
  if (!list.data) return null;
  const { verifiedAt } = list.data;
  const old = isVerificationOld(verifiedAt);
  const Icon = old ? IconShieldX : IconShieldCheck;
  return (
    <Tooltip
      label={
        verifiedAt
          ? `The last backup verified by a test restore was taken ${ago(verifiedAt)}.`
          : "No backup of this workspace has been verified by a test restore."
      }
    >
      <button
        type="button"
        className={classes.stripFigure}
        data-tone={old ? "bad" : "good"}
        aria-label={verifiedAt ? `Last verified restore: ${ago(verifiedAt)}` : "Last verified restore: none"}
        onClick={() => go.place("/backups")}
      >
        <Icon size={14} stroke={2} aria-hidden />
        <span className={classes.stripName}>Backup</span>
        <span className={classes.stripState}>
          {verifiedAt ? `verified ${ago(verifiedAt)}` : "not verified"}
        </span>
      </button>
    </Tooltip>
  );
}

export function Measured({ last }: { last: LastQuality }) {
  if (!last.report) return null;
  return (
    <span className={classes.measured}>
      {last.stale ? (
        <Tooltip label="Records have changed since">
          <span className={classes.stale}>
            <IconAlertTriangle size={12} aria-hidden /> outdated
          </span>
        </Tooltip>
      ) : (
        "measured"
      )}{" "}
      <Timestamp at={last.report.measuredAt} />
    </span>
  );
}

/** The state that the sign shows, too; what fails within the target does not contradict it. */
function stripState(metric: Metric): string {
  if (metric.failing === 0) return metric.value === undefined ? "" : stateWord(metric);
  return metric.state === "good" ? `on target, ${failingWords(metric)}` : failingWords(metric);
}

function failingWords({ failing }: Metric): string {
  return `${number(failing)} ${failing === 1 ? "fails" : "fail"}`;
}

function tipWords(metric: Metric): string {
  const { failing, explanation } = metric;
  const click =
    failing > 0 ? ` ${count(failing, "record")} ${failing === 1 ? "fails" : "fail"}: click to see.` : "";
  return `${explanation} Target: ${metricTarget(metric)}.${click}`;
}

type FigureProps = { metric: Metric; collection: string; active: boolean };

function StripFigure({ metric, collection, active }: FigureProps) {
  const go = useGo();
  const Icon = icons[metric.state];
  const fails = metric.failing > 0;
  return (
    <Tooltip label={tipWords(metric)} position="bottom" multiline maw={340}>
      <button
        type="button"
        className={classes.stripFigure}
        data-tone={stateTones[metric.state]}
        data-active={active || undefined}
        aria-pressed={active}
        aria-disabled={!fails}
        onClick={() =>
          fails && go.records(active ? { c: collection } : { c: collection, finding: metric.name })
        }
      >
        <Icon size={14} stroke={2} aria-hidden />
        <span className={classes.stripName}>{metricWords[metric.name]}</span>
        <span className={classes.stripValue}>{metricValue(metric)}</span>
        <span className={classes.stripState}>{stripState(metric)}</span>
      </button>
    </Tooltip>
  );
}
