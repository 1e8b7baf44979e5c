/** PointsInTime between backups: which can be restored, where the gaps are and why, and the way to one of them. */
import { Button, Group, Stack, TextInput, Tooltip } from "@mantine/core";
import { IconHistory, IconPlayerTrackNext } from "@tabler/icons-react";
import { useState } from "react";
import { asApiError, type BackupTimeline, call } from "@/ipc";
import { useCall } from "@/shared/data/queries";
import { outcomeOf } from "@/shared/jobs/jobs";
import { useTasks } from "@/shared/tasks/tasks";
import { Panel, StateMark, showError, showSaved, showWarning } from "@/shared/ui";
import { noteSaved } from "@/shared/undo/undo";
import { count, stamp, when } from "@/shared/words/words";
import { useRunning } from "./actions";
import { askRestore, locked } from "./host";
import {
  extentOf,
  gapAt,
  isReachable,
  nearest,
  placeOf,
  pointInTimeAt,
  pointsInTimeSentence,
  readPointInTime,
  type Span,
  spans,
  ticksOf,
  writePointInTime,
} from "./pointsInTime";
import classes from "./pointsInTime.module.css";

async function takeIncrement(): Promise<void> {
  try {
    const taken = await locked(async (secret) =>
      outcomeOf(await call("backups.increment", secret), "incremented"),
    );
    noteSaved();
    if (taken.increment) showSaved(`Increment taken: ${count(taken.increment.changes, "change")}.`);
    else if (taken.base) showSaved("A full backup was taken as the base.");
    else showSaved("No changes since the last increment.");
    if (taken.why) showWarning("The earlier increments could not be continued.", taken.why);
    if (taken.failed.length > 0) showWarning("Not every destination has it.", taken.failed.join(" "));
  } catch (thrown) {
    showError(asApiError(thrown));
  }
}

export function PointsInTimePanel({ readOnly, onSettings }: { readOnly: boolean; onSettings: () => void }) {
  const timeline = useCall("backups.timeline", {}).data;
  const taking = useRunning().some((job) => job.kind === "backup");
  if (!timeline) return null;
  return (
    <Panel
      title="Points in time"
      actions={
        timeline.impossible ? undefined : (
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlayerTrackNext size={14} />}
            disabled={readOnly || taking}
            onClick={() => void takeIncrement()}
          >
            Take an increment
          </Button>
        )
      }
    >
      <Stack gap="sm" className={classes.panel ?? ""}>
        <About timeline={timeline} onSettings={onSettings} />
        {timeline.ranges.length + timeline.gaps.length > 0 && (
          <PointsInTime timeline={timeline} readOnly={readOnly} />
        )}
      </Stack>
    </Panel>
  );
}

function About({ timeline, onSettings }: { timeline: BackupTimeline; onSettings: () => void }) {
  if (timeline.impossible) return <div className="dim">{timeline.impossible}</div>;
  if (timeline.every) return <Scheduled every={timeline.every} until={timeline.ranges.at(-1)?.until} />;
  return (
    <div className="dim">
      Increments save the changes between two backups, so that any point in time can be restored. They are
      taken manually until you schedule them in{" "}
      <button type="button" className={classes.link} onClick={onSettings}>
        the settings
      </button>
      .
    </div>
  );
}

/** What is planned, and what has come of it: never that all is well while the last increment is old. */
function Scheduled({ every, until }: { every: number; until: number | string | undefined }) {
  const task = useTasks().find(({ name }) => name === "increment");
  const last = until === undefined ? undefined : new Date(until);
  const isLate = last !== undefined && Date.now() - last.getTime() > 2 * every * 60_000;
  const saved = last === undefined ? "No changes are saved yet." : `Last saved ${when(last.toISOString())}.`;
  const next = task?.nextAt && Date.parse(task.nextAt) > Date.now() ? ` Next: ${when(task.nextAt)}.` : "";
  return (
    <div className={isLate ? undefined : "dim"}>
      {isLate && <StateMark tone="warn">Later than scheduled</StateMark>} Scheduled every{" "}
      {count(every, "minute")} while this window is open or a Steward server is running. {saved}
      {next}
      {task?.outcome === "failed" && ` The last run failed: ${task.message ?? ""}`}
    </div>
  );
}

function PointsInTime({ timeline, readOnly }: { timeline: BackupTimeline; readOnly: boolean }) {
  const ranges = spans(timeline.ranges);
  const last = ranges.at(-1)?.until;
  const [chosen, setChosen] = useState<number>();
  const at = chosen ?? last;
  const extent = extentOf(timeline, Date.now());
  if (!extent) return null;
  const fits = at !== undefined && isReachable(at, ranges);
  const gap = at === undefined ? undefined : gapAt(at, timeline);
  const restore = () => {
    if (at === undefined) return;
    const iso = new Date(at).toISOString();
    askRestore({ from: { kind: "pointInTime", at: iso }, name: stamp(iso) });
  };
  return (
    <>
      <Axis timeline={timeline} ranges={ranges} extent={extent} at={at} onPick={setChosen} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (fits && !readOnly) restore();
        }}
      >
        <Group gap="xs" align="flex-end">
          <TextInput
            type="datetime-local"
            step={1}
            label="Point in time"
            value={at === undefined ? "" : writePointInTime(at)}
            onChange={(event) => setChosen(readPointInTime(event.currentTarget.value) ?? at)}
          />
          <Button type="submit" leftSection={<IconHistory size={14} />} disabled={!fits || readOnly}>
            Restore to this point in time…
          </Button>
          {!fits && (
            <span className={classes.why} role="status">
              {gap ? `This point is in a gap: ${gap.why}` : "This point in time cannot be restored."}
            </span>
          )}
        </Group>
      </form>
      {timeline.gaps.length > 0 && <Gaps timeline={timeline} />}
    </>
  );
}

type AxisProps = {
  timeline: BackupTimeline;
  ranges: Span[];
  extent: Span;
  at: number | undefined;
  onPick: (at: number) => void;
};

/** A click or the arrow keys pick a point in time: by a minute, with Shift an hour. */
function Axis({ timeline, ranges, extent, at, onPick }: AxisProps) {
  const pick = (wanted: number) => {
    const found = nearest(wanted, ranges);
    if (found !== undefined) onPick(found);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = event.shiftKey ? 3_600_000 : 60_000;
    const from = at ?? extent.until;
    const targets: Record<string, number | undefined> = {
      ArrowLeft: from - step,
      ArrowRight: from + step,
      Home: ranges[0]?.from,
      End: ranges.at(-1)?.until,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    pick(target);
  };
  const style = (span: Span) => {
    const left = placeOf(span.from, extent);
    return { left: `${left}%`, width: `${placeOf(span.until, extent) - left}%` };
  };
  return (
    <div className={classes.axis}>
      <div
        className={classes.track}
        role="slider"
        tabIndex={0}
        aria-label="Point on the timeline"
        aria-description={pointsInTimeSentence(timeline)}
        aria-valuemin={extent.from}
        aria-valuemax={extent.until}
        aria-valuenow={at ?? extent.from}
        aria-valuetext={at === undefined ? "none" : stamp(new Date(at).toISOString())}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          pick(pointInTimeAt((event.clientX - box.left) / box.width, extent));
        }}
      >
        {spans(timeline.gaps).map((gap) => (
          <span key={`gap ${gap.from}`} className={classes.gap} style={style(gap)} />
        ))}
        {ranges.map((range) => (
          <span key={range.from} className={classes.range} style={style(range)} />
        ))}
        {timeline.bases.map((base) => (
          <Tooltip key={base.id} label={`Full backup, ${stamp(base.at)}: ${baseWords(base)}`}>
            <span
              className={classes.base}
              data-tone={base.failed ? "bad" : base.verified ? "good" : "plain"}
              style={{ left: `${placeOf(Date.parse(base.at), extent)}%` }}
            />
          </Tooltip>
        ))}
        {at !== undefined && <span className={classes.chosen} style={{ left: `${placeOf(at, extent)}%` }} />}
      </div>
      <div className={classes.ticks} aria-hidden>
        {ticksOf(extent).map((tick) => (
          <span key={tick} style={{ left: `${placeOf(tick, extent)}%` }}>
            {tickWords(tick, extent)}
          </span>
        ))}
      </div>
    </div>
  );
}

function baseWords(base: BackupTimeline["bases"][number]): string {
  if (base.failed) return "failed";
  return base.verified ? "verified by test restore" : "never verified";
}

function tickWords(at: number, extent: Span): string {
  const [day = "", time = ""] = writePointInTime(at).split("T");
  return extent.until - extent.from > 3 * 86_400_000 ? day.slice(5) : time.slice(0, 5);
}

function between(from: string, until: string): string {
  return from === until ? `Gap of less than a second, ${from}` : `Gap from ${from} to ${until}`;
}

function Gaps({ timeline }: { timeline: BackupTimeline }) {
  return (
    <ul className={classes.gaps} aria-label="Gaps">
      {timeline.gaps.map((gap) => (
        <li key={gap.from}>
          {between(stamp(gap.from), stamp(gap.until))}: {gap.why}
        </li>
      ))}
    </ul>
  );
}
