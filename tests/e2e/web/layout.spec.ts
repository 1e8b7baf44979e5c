import { cellOf, expect, grid, type Page, test } from "./kit";

const sizes = [
  [1280, 800],
  [960, 700],
  [640, 700],
  // 1280×800 at 200 % zoom.
  [640, 400],
] as const;

const pages = ["records", "imports", "quarantine", "schemas", "backups", "quality", "history", "settings"];

/** Buttons and links of the heads and the rail that stick out of the window, are cut by what holds them, or lie under others. */
function cut(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const within =
      "main > section > header, section[aria-label='Quality of this collection'], nav, header[data-region]";
    const controls = [...document.querySelectorAll<HTMLElement>(within)].flatMap((part) => [
      ...part.querySelectorAll<HTMLElement>("button, a, input:not([type=radio])"),
    ]);
    const isCut = (control: HTMLElement) => {
      const box = control.getBoundingClientRect();
      if (box.width === 0) return false;
      if (box.right > innerWidth + 1 || box.left < -1) return true;
      for (let outer = control.parentElement; outer; outer = outer.parentElement) {
        const style = getComputedStyle(outer);
        const hold = outer.getBoundingClientRect();
        if (style.overflowX === "hidden" && (box.right > hold.right + 1 || box.left < hold.left - 1))
          return true;
      }
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      return top !== null && !control.contains(top) && !top.contains(control);
    };
    return controls.filter(isCut).map((control) => control.outerHTML.slice(0, 120));
  });
}

test("nothing is cut from 1280×800 down to 640 and at 200 % zoom", async ({ app }) => {
  const origin = new URL(app.url()).origin;
  for (const [width, height] of sizes) {
    await app.setViewportSize({ width, height });
    for (const name of pages) {
      await app.goto(`${origin}/#/${name}`);
      await expect(app.getByRole("heading", { level: 1 })).toBeVisible();
      await expect.poll(() => cut(app), `${name} at ${width}×${height}`).toEqual([]);
      const wide = await app.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(wide, `${name} at ${width}×${height} scrolls sideways`).toBeLessThanOrEqual(0);
    }
  }
  // A record fills the narrow page, and the rows come back.
  await app.goto(`${origin}/#/records`);
  await cellOf(app, "11-1011.00", "title").click();
  await app.keyboard.press("Control+Enter");
  const panel = app.getByRole("complementary", { name: "Record 11-1011.00" });
  await expect(panel.getByRole("button", { name: "Save" })).toBeInViewport();
  await app.keyboard.press("Escape");
  await expect(grid(app)).toBeInViewport();
  await expect(app).toHaveTitle("Records · careers · Steward");
});
