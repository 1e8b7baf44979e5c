import {
  career,
  expect,
  expectAccessible,
  goTo,
  grid,
  type Page,
  type Server,
  stores,
  test,
  toast,
  writeRecords,
} from "./kit";

/** In place of what the sample left there: wrong salaries, and a status that is written in four ways. */
async function opened(page: Page, steward: Server): Promise<void> {
  steward.cli("quarantine", "discard", "--all", "--reason", "rows of the sample");
  const rows = ["much", "plenty", "a lot"].map((salary, at) =>
    career(`99-400${at}.00`, { average_salary: salary }),
  );
  steward.cli("import", writeRecords(steward, "wrong.json", rows));
  await page.reload();
  await goTo(page, "Quarantine");
  await page.getByRole("radiogroup", { name: "Layout of the rows" }).getByText("Grid").click();
  await expect(cell(page, 0)).toHaveText("much");
}

function cell(page: Page, row: number) {
  return grid(page)
    .getByRole("row")
    .nth(row + 1)
    .locator('[data-col="average_salary"]');
}

test("a wrong cell is corrected in place, and the next one is active", stores, async ({ app, steward }) => {
  await opened(app, steward);
  await expect(cell(app, 0)).toHaveAttribute("aria-invalid", "true");
  await expect(cell(app, 0)).toHaveAttribute("aria-description", /much/);
  await expectAccessible(app, "quarantine as a grid");
  await cell(app, 0).click();
  await app.keyboard.press("Enter");
  await app.keyboard.press("Control+a");
  await app.keyboard.type("51000");
  await app.keyboard.press("Enter");
  await expect(toast(app, "Row 1 imported.")).toBeVisible();
  await expect(grid(app)).toBeFocused();
  await expect(cell(app, 1)).toHaveAttribute("data-active", "true");

  // The row that was imported stays in its place, and leads to its record.
  await expect(cell(app, 0)).toHaveText("51,000");
  await app.keyboard.press("ArrowUp");
  await app.getByRole("button", { name: "Open record 99-4000.00" }).click();
  await expect(app.getByRole("heading", { level: 1, name: "Records" })).toBeVisible();
  await expect(app.getByRole("complementary", { name: "Record" })).toContainText("99-4000.00");
  await app.goBack();
  await expect(cell(app, 0)).toHaveText("plenty");
  await app.keyboard.press("Control+z");
  await expect(cell(app, 0)).toHaveText("much");
});

test("a block is pasted after its plan, and undone at once", stores, async ({ app, steward }) => {
  await opened(app, steward);
  await app.evaluate(() => navigator.clipboard.writeText("41000\nnot yet\n43000"));
  await cell(app, 0).click();
  await app.keyboard.press("Control+v");
  const dialog = app.getByRole("dialog", { name: "Paste 3 cells" });
  await expect(dialog.getByText("2 will be imported")).toBeVisible();
  await expect(dialog.getByRole("list", { name: "Cells that keep their value" })).toContainText("not yet");
  await expectAccessible(app, "a block for the quarantine", ".mantine-Modal-content");
  await dialog.getByRole("button", { name: "Correct 2 rows" }).click();
  await expect(toast(app, "2 rows corrected, 2 imported.")).toBeVisible();
  await expect(cell(app, 0)).toHaveText("plenty");
  await app.keyboard.press("Control+z");
  await expect(cell(app, 0)).toHaveText("much");
});

test("alike wrong values are fixed at once", async ({ app, steward }) => {
  await opened(app, steward);
  const alike = ["Some Where", "some-where", "SOME  WHERE"].map((salary, at) =>
    career(`99-500${at}.00`, { average_salary: salary }),
  );
  steward.cli("import", writeRecords(steward, "alike.json", alike));
  await app.reload();
  await expect(cell(app, 3)).toHaveText("Some Where");
  await cell(app, 3).click();
  await app.getByRole("button", { name: "Fix all alike…" }).click();
  const dialog = app.getByRole("dialog", { name: "Fix alike rows" });
  await dialog.getByRole("textbox", { name: /Some Where/ }).fill("47000");
  await expect(dialog.getByText("3 rows become valid")).toBeVisible();
  await expectAccessible(app, "alike values", ".mantine-Modal-content");
  await dialog.getByRole("button", { name: "Fix 3 rows" }).click();
  await expect(toast(app, "3 rows corrected, 3 imported.")).toBeVisible();
});

test("the form goes on to the next row, and an imported row leads to its record", async ({
  app,
  steward,
}) => {
  await opened(app, steward);
  await app.getByRole("radiogroup", { name: "Layout of the rows" }).getByText("List").click();
  const rows = app.getByRole("list", { name: "Quarantined rows" }).getByRole("listitem");
  await rows.first().getByRole("button").click();
  const panel = app.getByRole("complementary", { name: "Quarantined row" });
  await panel.getByRole("textbox", { name: "Average salary" }).fill("48000");
  await panel.getByRole("button", { name: "Save and retry" }).click();
  await expect(toast(app, "Row 1 imported.")).toBeVisible();
  await expect(panel).toContainText("row 2");
  await expect(rows).toHaveCount(2);
  await app
    .getByRole("radiogroup", { name: "Which rows" })
    .getByText(/^Imported/)
    .click();
  await rows.filter({ hasText: "99-4000.00" }).getByRole("button").click();
  await panel.getByRole("button", { name: "Open record 99-4000.00" }).click();
  await expect(app.getByRole("complementary", { name: "Record" })).toContainText("99-4000.00");
});
