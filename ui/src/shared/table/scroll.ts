/**
 * Browsers draw no element taller than some millions of pixels. Beyond that the scrollbar still stands for all rows:
 * a pixel of it is then more than a pixel of rows.
 */
import { elementScroll, observeElementOffset, type Virtualizer } from "@tanstack/react-virtual";

/** Every browser that we know draws this. */
const safe = 15_000_000;
/** A million rows. */
const wanted = 31_000_000;

let measured: number | undefined;

/** The tallest element that this browser draws, as far as we need it. */
export function tallest(): number {
  if (measured !== undefined) return measured;
  const probe = document.createElement("div");
  probe.style.cssText = `position:absolute;visibility:hidden;width:1px;height:${wanted}px`;
  document.body.append(probe);
  measured = Math.max(safe, Math.min(wanted, probe.offsetHeight));
  probe.remove();
  return measured;
}

/** Pixels of rows for a pixel of the scrollbar. */
export function scaleOf(height: number, drawn: number, viewport: number): number {
  return height <= drawn ? 1 : (height - viewport) / (drawn - viewport);
}

/** Where an element is drawn that begins at `start` of all rows, when `offset` of them is scrolled away. */
export function drawnAt(start: number, offset: number, scale: number): number {
  return scale === 1 ? start : start - offset + offset / scale;
}

type Rows = Virtualizer<HTMLDivElement, Element>;

/** What the virtualizer needs to think in pixels of rows. */
export function scaledScrolling(scale: () => number) {
  return {
    observeElementOffset: (instance: Rows, tell: (offset: number, isScrolling: boolean) => void) =>
      observeElementOffset(instance, (offset, isScrolling) => tell(offset * scale(), isScrolling)),
    scrollToFn: (
      offset: number,
      options: { adjustments?: number | undefined; behavior?: ScrollBehavior | undefined },
      instance: Rows,
    ) =>
      elementScroll(
        (offset + (options.adjustments ?? 0)) / scale(),
        { behavior: options.behavior },
        instance,
      ),
  };
}
