/** The four figures above the grid, each against its target. A click opens the records that fail it. */
import { Button, Tooltip } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconRefresh } from "@tabler/icons-react";
import type { CollectionInfo, Finding, LastQuality, Metric } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useGo } from "@/shared/nav";
import { Moment } from "@/shared/ui";
import { metricWords, number } from "@/shared/words/words";
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

export function Measured({ last }: { last: LastQuality }) {
  if (!last.report) return null;
  return (
    <span className={classes.measured}>
      {last.stale ? (
        <Tooltip label="Records were written since">
          <span className={classes.stale}>
            <IconAlertTriangle size={12} aria-hidden /> outdated
          </span>
        </Tooltip>
      ) : (
        "measured"
      )}{" "}
      <Moment at={last.report.measuredAt} />
    </span>
  );
}

/** Says it in as few words as the strip has room for; the tip tells the rest. */
function stripState(metric: Metric): string {
  if (metric.failing > 0) return `${number(metric.failing)} ${metric.failing === 1 ? "fails" : "fail"}`;
  return metric.value === undefined ? "" : stateWord(metric);
}

type FigureProps = { metric: Metric; collection: string; active: boolean };

function StripFigure({ metric, collection, active }: FigureProps) {
  const go = useGo();
  const Icon = icons[metric.state];
  const fails = metric.failing > 0;
  return (
    <Tooltip label={`${metric.explanation} Target: ${metricTarget(metric)}.`} multiline maw={340}>
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
