/** F6 walks the regions of the window, as in other programs: bar, places, page, record, status line. */

const focusable =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex]:not([tabindex="-1"])';

export function goToRegion(by: 1 | -1): void {
  if (document.querySelector('[role="dialog"][aria-modal="true"]')) return;
  const regions = [...document.querySelectorAll<HTMLElement>("[data-region]")];
  // The record stands within the page: the inner one counts.
  const here = regions.findLastIndex((region) => region.contains(document.activeElement));
  const at = here < 0 ? (by > 0 ? 0 : regions.length - 1) : (here + by + regions.length) % regions.length;
  const next = regions[at];
  if (next) focusIn(next);
}

/** The grid where there is one, else what can be focused first, else the region itself. */
function focusIn(region: HTMLElement): void {
  const own = (element: HTMLElement) => element.closest("[data-region]") === region;
  const grid = region.querySelector<HTMLElement>('[role="grid"]');
  const first = [...region.querySelectorAll<HTMLElement>(focusable)].find(own);
  (grid && own(grid) ? grid : (first ?? region)).focus();
}
