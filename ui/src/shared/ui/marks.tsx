/** Small signs: keys of the keyboard, states with icon and word, counts. */
import { Tooltip } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconClock,
  IconInfoCircle,
  IconX,
} from "@tabler/icons-react";
import { Fragment, type ReactNode } from "react";
import { shortcutKeys } from "../commands/keys";
import { exactTime, when } from "../words/words";
import classes from "./ui.module.css";

export function Keys({ shortcut }: { shortcut: string }) {
  return (
    <span className={classes.keys}>
      {shortcutKeys(shortcut).map((keys, at) => (
        <Fragment key={keys.join("+")}>
          {at > 0 && <span className="faint">then</span>}
          {keys.map((key) => (
            <kbd key={key} className={classes.key}>
              {key}
            </kbd>
          ))}
        </Fragment>
      ))}
    </span>
  );
}

export type Tone = "good" | "warn" | "bad" | "accent" | "plain";

const toneIcons = {
  good: IconCircleCheck,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  accent: IconInfoCircle,
  plain: IconCircleDashed,
} as const;

/** A state: always a word, with an icon. */
export function StateMark({ tone, children, icon }: { tone: Tone; children: ReactNode; icon?: ReactNode }) {
  const Icon = toneIcons[tone];
  return (
    <span className={classes.state} data-tone={tone}>
      {icon ?? <Icon size={14} stroke={1.9} aria-hidden />}
      <span>{children}</span>
    </span>
  );
}

export function Tag({ children, tone = "plain" }: { children: ReactNode; tone?: Tone }) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  );
}

/** A time in short; the exact one on hover. */
export function Timestamp({ at }: { at: string }) {
  return (
    <Tooltip label={exactTime(at)}>
      <time dateTime={at} className={classes.moment}>
        {when(at)}
      </time>
    </Tooltip>
  );
}

export { IconClock };

/** One figure with its name, in a row of figures. */
export function Figure({ name, value, tone }: { name: string; value: ReactNode; tone?: Tone }) {
  return (
    <div className={classes.figure}>
      <div className={classes.figureValue} data-tone={tone}>
        {value}
      </div>
      <div className={classes.figureName}>{name}</div>
    </div>
  );
}

/** A condition of a filter, with the way to take it away. */
export function Chip({ children, onRemove }: { children: string; onRemove: () => void }) {
  return (
    <Tag tone="accent">
      <span className={classes.chip}>
        <span className="ellipsis" title={children}>
          {children}
        </span>
        <button type="button" aria-label={`Remove ${children}`} onClick={onRemove}>
          <IconX size={11} aria-hidden />
        </button>
      </span>
    </Tag>
  );
}
