/** Says why a cell is marked: under the mouse, and at the cell that has the focus. */
import { type RefObject, useEffect, useState } from "react";
import { createPortal } from "react-dom";
import classes from "./grid.module.css";

type Tip = { lines: string[]; left: number; top: number };

function tipOf(cell: Element | null | undefined): Tip | undefined {
  const problem = cell?.getAttribute("data-problem");
  if (!cell || !problem) return undefined;
  const box = cell.getBoundingClientRect();
  const below = box.bottom + 70 < window.innerHeight;
  return {
    lines: problem.split("\n"),
    left: Math.min(box.left, window.innerWidth - 340),
    top: below ? box.bottom + 3 : box.top - 40,
  };
}

export function CellTip({
  scroller,
  active,
}: {
  scroller: RefObject<HTMLDivElement | null>;
  active: string | undefined;
}) {
  const [hovered, setHovered] = useState<Tip>();
  const [atFocus, setAtFocus] = useState<Tip>();

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onOver = (event: Event) => {
      clearTimeout(timer);
      const cell = (event.target as Element).closest('[role="gridcell"]');
      timer = setTimeout(() => setHovered(tipOf(cell)), 250);
    };
    const hide = () => {
      clearTimeout(timer);
      setHovered(undefined);
      setAtFocus(undefined);
    };
    element.addEventListener("mouseover", onOver);
    element.addEventListener("mouseleave", hide);
    element.addEventListener("scroll", hide, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("mouseover", onOver);
      element.removeEventListener("mouseleave", hide);
      element.removeEventListener("scroll", hide);
    };
  }, [scroller]);

  useEffect(() => {
    const timer = setTimeout(
      () => setAtFocus(active ? tipOf(document.getElementById(active)) : undefined),
      120,
    );
    return () => clearTimeout(timer);
  }, [active]);

  const tip = hovered ?? atFocus;
  if (!tip) return null;
  return createPortal(
    <div role="tooltip" className={classes.tip} style={{ left: tip.left, top: tip.top }}>
      {tip.lines.map((line) => (
        <div key={line}>{line}</div>
      ))}
    </div>,
    document.body,
  );
}
