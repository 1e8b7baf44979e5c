/** How good a collection is: four figures against their targets, completeness by field, rules broken. */
import { Button, Tooltip } from "@mantine/core";
import { IconRefresh, IconRulerMeasure } from "@tabler/icons-react";
import { useMemo } from "react";
import type { CollectionInfo, FieldCompleteness, Metric, QualityReport, RuleCount } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { useCollection, useSchema } from "@/shared/data/workspace";
import { useCurrentCollection, useGo } from "@/shared/nav";
import { specAt, specsOf } from "@/shared/schema/model";
import { Empty, Loaded, Page, Panel, StateMark } from "@/shared/ui";
import { count, fieldTitle, metricWords, number, percent, ruleText } from "@/shared/words/words";
import { metricBar, metricTarget, metricValue, stateTones, stateWord } from "./model";
import { Measured } from "./OverviewStrip";
import classes from "./quality.module.css";
import { useMeasure } from "./useMeasure";

export function QualityPage() {
  const collection = useCurrentCollection();
  if (!collection) {
    return (
      <Page title="Quality">
        <Empty icon={<IconRulerMeasure size={34} stroke={1.3} />} title="Nothing to measure yet">
          Quality is measured on a collection with a schema. Import records first.
        </Empty>
      </Page>
    );
  }
  if (!collection.schema) {
    return (
      <Page title="Quality" about={collection.name}>
        <Empty icon={<IconRulerMeasure size={34} stroke={1.3} />} title={`${collection.name} has no schema`}>
          Without a schema there is nothing to measure its records against.
        </Empty>
      </Page>
    );
  }
  return <Quality collection={collection} />;
}

function Quality({ collection }: { collection: CollectionInfo }) {
  const last = useCall("quality.last", { collection: collection.name });
  const { busy, measure } = useMeasure(collection.name);
  const button = (
    <Button leftSection={<IconRefresh size={14} />} loading={busy} onClick={measure}>
      Measure now
    </Button>
  );
  return (
    <Page
      title="Quality"
      about={`${collection.name} against ${collection.schema}`}
      actions={
        <>
          {last.data && <Measured last={last.data} />}
          {button}
        </>
      }
    >
      <Loaded query={last}>
        {({ report }) =>
          report ? (
            <Report report={report} />
          ) : (
            <Empty
              icon={<IconRulerMeasure size={34} stroke={1.3} />}
              title="Not measured yet"
              action={button}
            >
              A measurement reads every record once and compares it with the schema and its targets.
            </Empty>
          )
        }
      </Loaded>
    </Page>
  );
}

function Report({ report }: { report: QualityReport }) {
  return (
    <div className={classes.report}>
      <div className={classes.metrics}>
        {report.metrics.map((metric) => (
          <MetricBox key={metric.name} metric={metric} collection={report.collection} />
        ))}
      </div>
      <div className={classes.columns}>
        <Panel title="Completeness by field">
          <FieldBars fields={report.fields} records={report.records} collection={report.collection} />
        </Panel>
        <Panel title="Rules broken">
          <Rules rules={report.rules} collection={report.collection} />
        </Panel>
      </div>
    </div>
  );
}

function MetricBox({ metric, collection }: { metric: Metric; collection: string }) {
  const go = useGo();
  const bar = metricBar(metric);
  return (
    <article className={classes.metric} data-tone={stateTones[metric.state]}>
      <header className={classes.metricHead}>
        <h2>{metricWords[metric.name]}</h2>
        <StateMark tone={stateTones[metric.state]}>{stateWord(metric)}</StateMark>
      </header>
      <div className={classes.metricValue} data-unknown={metric.value === undefined || undefined}>
        {metricValue(metric)}
      </div>
      {bar && (
        <div className={classes.gauge} aria-hidden>
          <span className={classes.gaugeFill} style={{ width: `${Math.min(100, bar.value * 100)}%` }} />
          <span className={classes.gaugeTarget} style={{ left: `${Math.min(100, bar.target * 100)}%` }} />
        </div>
      )}
      <div className="dim">Target: {metricTarget(metric)}</div>
      <p className={classes.explanation}>{metric.explanation}</p>
      {metric.failing > 0 && (
        <Button
          variant="light"
          onClick={() => go.records({ c: collection, finding: metric.name })}
          aria-label={`Show the ${count(metric.failing, "record")} that fail ${metric.name}`}
        >
          Show {count(metric.failing, "record")}
        </Button>
      )}
    </article>
  );
}

/** Fields by the titles that the schema gives them. */
function useTitles(collection: string): (field: string) => string {
  const schema = useSchema(useCollection(collection)?.schema);
  const specs = useMemo(() => specsOf(schema), [schema]);
  return (field) => specAt(specs, field)?.title ?? fieldTitle(field);
}

type BarsProps = { fields: FieldCompleteness[]; records: number; collection: string };

function FieldBars({ fields, records, collection }: BarsProps) {
  const go = useGo();
  const title = useTitles(collection);
  return (
    <ul className={classes.bars}>
      {fields.map((field) => {
        const ratio = records === 0 ? 1 : field.filled / records;
        return (
          <li key={field.field}>
            <Tooltip
              label={
                field.missing === 0
                  ? "Filled in everywhere"
                  : `Show ${count(field.missing, "record")} where it is blank`
              }
            >
              <button
                type="button"
                className={classes.barLine}
                aria-disabled={field.missing === 0}
                onClick={() =>
                  field.missing > 0 &&
                  go.records({ c: collection, filter: { op: "blank", field: field.field } })
                }
              >
                <span className={classes.barName}>
                  {title(field.field)} {field.required && <span className="faint">required</span>}
                </span>
                <span className={classes.barTrack}>
                  <span
                    style={{ width: `${ratio * 100}%` }}
                    data-missed={(field.required && ratio < 1) || undefined}
                  />
                </span>
                <span className={classes.barNumber}>{percent(ratio)}</span>
                <span className={classes.barMissing}>
                  {field.missing > 0 ? `${number(field.missing)} blank` : ""}
                </span>
              </button>
            </Tooltip>
          </li>
        );
      })}
    </ul>
  );
}

function Rules({ rules, collection }: { rules: RuleCount[]; collection: string }) {
  const go = useGo();
  const title = useTitles(collection);
  if (rules.length === 0) {
    return (
      <div className={classes.noRules}>
        <StateMark tone="good">Every record follows every rule</StateMark>
      </div>
    );
  }
  return (
    <ul className={classes.bars}>
      {rules.map((rule) => (
        <li key={`${rule.field}:${rule.rule}`}>
          <button
            type="button"
            className={classes.ruleLine}
            onClick={() => go.records({ c: collection, finding: "adherence" })}
          >
            <span>
              {title(rule.field)} {ruleText(rule.rule)}
            </span>
            <span className={classes.barNumber}>{count(rule.records, "record")}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
