/** When something happens by itself: off, hourly, daily, weekly, or as a cron expression says. */
import { Group, NumberInput, Select, TextInput } from "@mantine/core";
import { asKind, dayNames, isComplete, type Schedule } from "../schedule";
import classes from "./settings.module.css";

type Props = {
  label: string;
  off: string;
  usualTime: string;
  value: Schedule;
  onChange: (schedule: Schedule) => void;
};

export function ScheduleForm({ label, off, usualTime, value, onChange }: Props) {
  const complete = isComplete(value);
  return (
    <Group gap="xs" align="flex-end" wrap="nowrap">
      <Select
        className={classes.grow ?? ""}
        label={label}
        value={value.kind}
        allowDeselect={false}
        onChange={(kind) => kind && onChange(asKind(value, kind as Schedule["kind"], usualTime))}
        data={[
          { value: "off", label: off },
          { value: "hourly", label: "Every hour" },
          { value: "daily", label: "Every day" },
          { value: "weekly", label: "Every week" },
          { value: "cron", label: "Cron expression" },
        ]}
      />
      {value.kind === "hourly" && (
        <NumberInput
          w={92}
          label="At minute"
          aria-label={`${label}: minute`}
          min={0}
          max={59}
          clampBehavior="strict"
          allowDecimal={false}
          value={value.minute}
          onChange={(next) => onChange({ kind: "hourly", minute: Number(next) || 0 })}
        />
      )}
      {value.kind === "weekly" && (
        <Select
          w={124}
          label="On"
          aria-label={`${label}: day`}
          allowDeselect={false}
          value={String(value.day)}
          onChange={(day) => day && onChange({ ...value, day: Number(day) })}
          data={dayNames.map((name, at) => ({ value: String(at), label: name }))}
        />
      )}
      {(value.kind === "daily" || value.kind === "weekly") && (
        <TextInput
          w={104}
          type="time"
          label="At"
          aria-label={`${label}: time`}
          value={value.time}
          error={!complete}
          onChange={(event) => onChange({ ...value, time: event.currentTarget.value })}
        />
      )}
      {value.kind === "cron" && (
        <TextInput
          w={190}
          label="Minute hour day month weekday"
          aria-label={`${label}: cron expression`}
          placeholder="0 2 * * *"
          className="mono"
          value={value.text}
          error={!complete}
          onChange={(event) => onChange({ kind: "cron", text: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}
