/** The places at the left, each with a count where something waits for a person. */
import { Tooltip } from "@mantine/core";
import { Link, useMatchRoute } from "@tanstack/react-router";
import { Fragment } from "react";
import { useCall } from "@/shared/data/queries";
import { useCurrentCollection } from "@/shared/nav";
import { placeOf, useFailedTasks } from "@/shared/tasks/tasks";
import { Keys } from "@/shared/ui";
import { number } from "@/shared/words/words";
import { type Place, places, settingsPlace } from "./places";
import classes from "./shell.module.css";

type Waiting = { count: number; about: string; tone: "bad" | "warn" };

/** What waits, by path of its place. */
function useWaiting(): Record<string, Waiting> {
  const collection = useCurrentCollection();
  const stats = useCall("quarantine.stats", {}).data;
  const runs = useCall("runs.list", {}).data?.runs ?? [];
  const restores = useCall("restores.list", {}).data?.restores ?? [];
  const last = useCall(
    "quality.last",
    { collection: collection?.name ?? "" },
    { enabled: Boolean(collection?.schema) },
  ).data;
  const failed = useFailedTasks().map(({ name }) => placeOf(name));
  const interrupted = runs.filter((run) => ["interrupted", "halfUndone"].includes(run.state)).length;
  const cutOff = restores.filter((entry) => entry.interrupted).length;
  const missed = last?.report?.metrics.filter((metric) => metric.state === "bad").length ?? 0;
  const rows = stats?.waiting ?? 0;
  return {
    "/quarantine": {
      count: rows,
      about: rows === 1 ? "row waiting in quarantine" : "rows waiting in quarantine",
      tone: "bad",
    },
    "/imports": {
      count: interrupted,
      about: interrupted === 1 ? "run was interrupted" : "runs were interrupted",
      tone: "warn",
    },
    "/backups": backupsWaiting(cutOff, failed.filter((at) => at === "/backups").length),
    "/settings": {
      count: failed.filter((at) => at === "/settings").length,
      about: failed.length === 1 ? "scheduled task failed" : "scheduled tasks failed",
      tone: "bad",
    },
    "/quality": {
      count: missed,
      about: missed === 1 ? "figure misses its target" : "figures miss their target",
      tone: "warn",
    },
  };
}

function backupsWaiting(cutOff: number, failed: number): Waiting {
  const words = [
    failed > 0 && (failed === 1 ? "scheduled task failed" : "scheduled tasks failed"),
    cutOff > 0 && (cutOff === 1 ? "restore was interrupted" : "restores were interrupted"),
  ].filter((part) => part !== false);
  // One figure stands for both: the sentence then says what it is made of.
  const about = words.length > 1 ? `things to look at: ${words.join(", ")}` : (words[0] ?? "");
  return { count: cutOff + failed, about, tone: failed > 0 ? "bad" : "warn" };
}

export function Rail() {
  const waiting = useWaiting();
  const groups = [...new Set(places.map((place) => place.group))];
  return (
    <nav className={classes.rail} data-region aria-label="Pages">
      {groups.map((group) => (
        <Fragment key={group}>
          <div className={classes.railGroup} id={`rail-${group.charAt(0)}`}>
            {group}
          </div>
          {places
            .filter((place) => place.group === group)
            .map((place) => (
              <RailLink key={place.path} place={place} waiting={waiting[place.path]} />
            ))}
        </Fragment>
      ))}
      <div className={classes.railEnd}>
        <RailLink place={settingsPlace} waiting={waiting[settingsPlace.path]} />
      </div>
    </nav>
  );
}

function RailLink({ place, waiting }: { place: Place; waiting: Waiting | undefined }) {
  const Icon = place.icon;
  const tells = waiting !== undefined && waiting.count > 0;
  const isHere = useMatchRoute()({ to: place.path }) !== false;
  return (
    <Tooltip
      position="right"
      // Whoever has just come here must not have it lie over the page.
      disabled={isHere}
      label={
        <span className={classes.tipRow}>
          {tells ? `${number(waiting.count)} ${waiting.about}` : place.title}{" "}
          <Keys shortcut={place.shortcut} />
        </span>
      }
    >
      <Link
        to={place.path}
        className={classes.railLink}
        activeProps={{ "data-active": true, "aria-current": "page" }}
      >
        <Icon size={17} stroke={1.7} aria-hidden />
        <span className={classes.railTitle}>{place.title}</span>
        {tells && (
          <span className={classes.railCount} data-tone={waiting.tone}>
            {number(waiting.count)}
            <span className="visually-hidden"> {waiting.about}</span>
          </span>
        )}
      </Link>
    </Tooltip>
  );
}
