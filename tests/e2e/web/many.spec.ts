import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, grid, type Page, type Server, startServer, stores, test, toast } from "./kit";

const rows = 50_000;

/** A collection of many records: `k` from 0 on, `n` the other way round. */
async function withMany(store: "file" | "mongodb"): Promise<Server> {
  const server = await startServer({ store, sample: false });
  const path = join(server.folder, "things.ndjson");
  const lines = Array.from({ length: rows }, (_, k) =>
    JSON.stringify({ k, n: rows - k, word: `Größe ${k}` }),
  );
  writeFileSync(path, lines.join("\n"));
  server.cli("import", path, "--no-schema", "--collection", "things", "--key", "k");
  return server;
}

/** The row of a number, 1 being the first. */
function rowNumber(page: Page, row: number) {
  return page.locator(`[role="row"][aria-rowindex="${row + 1}"]`);
}

async function goToRow(page: Page, row: number): Promise<void> {
  await grid(page).focus();
  await page.keyboard.press("Control+g");
  const dialog = page.getByRole("dialog", { name: "Go to a row" });
  await dialog.getByRole("textbox", { name: "Row" }).fill(String(row));
  await dialog.getByRole("button", { name: "Go" }).click();
}

test("reaches any of many rows by key, by number and by the scrollbar", stores, async ({ page, store }) => {
  const server = await withMany(store);
  try {
    await page.goto(server.url);
    await expect(grid(page)).toHaveAttribute("aria-rowcount", String(rows + 1));
    await expect(rowNumber(page, 1).locator('[data-col="k"]')).toHaveText("0");
    await rowNumber(page, 1).locator('[data-col="k"]').click();

    await page.keyboard.press("Control+End");
    await expect(rowNumber(page, rows).locator('[data-col="k"]')).toHaveText("49,999");
    await page.keyboard.press("PageUp");
    await page.keyboard.press("Control+Home");
    await expect(rowNumber(page, 1).locator('[data-col="k"]')).toHaveText("0");

    await goToRow(page, 31_234);
    await expect(rowNumber(page, 31_234).locator('[data-col="k"]')).toHaveText("31,233");
    await page.keyboard.press("ArrowDown");
    await expect(rowNumber(page, 31_235).locator('[data-col="k"]')).toHaveText("31,234");

    // The middle of the scrollbar is the middle of the records.
    await grid(page).evaluate((element) => {
      element.scrollTop = (element.scrollHeight - element.clientHeight) / 2;
    });
    await expect(rowNumber(page, rows / 2).locator('[data-col="k"]')).toHaveText("24,999");

    // A record that another program removes moves those behind it up, and none is shown twice or not at all.
    server.cli("records", "bulk", "k < 10", "--delete", "--yes");
    await expect(grid(page)).toHaveAttribute("aria-rowcount", String(rows - 10 + 1));
    await expect(rowNumber(page, rows / 2).locator('[data-col="k"]')).toHaveText("25,009");
    await goToRow(page, rows);
    await expect(rowNumber(page, rows - 10).locator('[data-col="k"]')).toHaveText("49,999");
  } finally {
    await server.stop();
  }
});

test("changes more records than one transaction takes, and undoes it", stores, async ({ page, store }) => {
  const server = await withMany(store);
  try {
    await page.goto(server.url);
    await expect(grid(page)).toBeVisible();
    await grid(page).focus();
    await page.keyboard.press("Control+a");
    await page.getByRole("button", { name: /Select all 50,000/ }).click();
    await page.getByRole("button", { name: /^Delete/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete 50,000 records" }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByText("things is empty")).toBeVisible({ timeout: 90_000 });
    await toast(page, "Deleted 50,000 records").getByRole("button", { name: "Undo" }).click();
    await expect(grid(page)).toHaveAttribute("aria-rowcount", String(rows + 1), { timeout: 90_000 });
    expect(server.cli("records", "count", "--json")).toContain("50000");
    expect(server.cli("history", "verify")).toContain("as they were written");
  } finally {
    await server.stop();
  }
});
