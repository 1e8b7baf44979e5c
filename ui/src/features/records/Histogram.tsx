/** How numbers are spread, with a brush: drag over the bars, or type the bounds. */
import { Button, Group, NumberInput } from "@mantine/core";
import { type PointerEvent, useRef, useState } from "react";
import type { HistogramBin } from "@/ipc";
import { number } from "@/shared/words/words";
import classes from "./facets.module.css";

type HistogramProps = {
  title: string;
  bins: HistogramBin[];
  range: [number?, number?];
  onRange: (range: [number, number] | undefined) => void;
};

export function Histogram({ title, bins, range, onRange }: HistogramProps) {
  const host = useRef<HTMLDivElement>(null);
  const [drag, setDrag] = useState<[number, number]>();
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const low = bins[0]?.from ?? 0;
  const high = bins.at(-1)?.to ?? 0;
  const binAt = (event: PointerEvent) => {
    const box = host.current?.getBoundingClientRect();
    if (!box) return 0;
    const at = Math.floor(((event.clientX - box.left) / box.width) * bins.length);
    return Math.max(0, Math.min(bins.length - 1, at));
  };
  const finish = () => {
    if (!drag) return;
    const [from, to] = [Math.min(...drag), Math.max(...drag)];
    setDrag(undefined);
    onRange([bins[from]?.from ?? low, bins[to]?.to ?? high]);
  };
  const isOn = (bin: HistogramBin, at: number) => {
    if (drag) return at >= Math.min(...drag) && at <= Math.max(...drag);
    if (range[0] === undefined && range[1] === undefined) return true;
    return bin.to > (range[0] ?? low) && bin.from < (range[1] ?? high);
  };
  const bound = (value: string | number, at: 0 | 1) => {
    const next: [number, number] = [range[0] ?? low, range[1] ?? high];
    if (value === "") return;
    next[at] = Number(value);
    onRange(next);
  };
  return (
    <div>
      <div
        ref={host}
        className={classes.histogram}
        role="img"
        aria-label={`${title} from ${number(low)} to ${number(high)}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([binAt(event), binAt(event)]);
        }}
        onPointerMove={(event) => setDrag((now) => now && [now[0], binAt(event)])}
        onPointerUp={finish}
      >
        {bins.map((bin, at) => (
          <span
            key={bin.from}
            className={classes.column}
            data-on={isOn(bin, at) || undefined}
            title={`${number(bin.from)} to ${number(bin.to)}: ${number(bin.count)}`}
          >
            <span style={{ height: `${bin.count === 0 ? 0 : Math.max(3, (100 * bin.count) / most)}%` }} />
          </span>
        ))}
      </div>
      <Group gap={6} wrap="nowrap" px={10} pb={4}>
        <NumberInput
          aria-label={`${title} at least`}
          hideControls
          thousandSeparator
          value={range[0] ?? ""}
          placeholder={number(low)}
          onBlur={(event) => bound(event.currentTarget.value.replace(/[^\d.-]/g, ""), 0)}
        />
        <span className="faint">to</span>
        <NumberInput
          aria-label={`${title} at most`}
          hideControls
          thousandSeparator
          value={range[1] ?? ""}
          placeholder={number(high)}
          onBlur={(event) => bound(event.currentTarget.value.replace(/[^\d.-]/g, ""), 1)}
        />
        {(range[0] !== undefined || range[1] !== undefined) && (
          <Button variant="subtle" color="gray" size="compact-xs" onClick={() => onRange(undefined)}>
            All
          </Button>
        )}
      </Group>
    </div>
  );
}
