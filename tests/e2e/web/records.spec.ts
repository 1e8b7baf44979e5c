import { cellOf, expect, grid, type Page, stores, test, toast } from "./kit";

const title = "Chief Executives";

test(
  "finds a record by words and edits it in the grid; undo and redo bring it back and forth",
  stores,
  async ({ app }) => {
    await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief");
    await expect(app.getByText(/of 361 records/)).toBeVisible();
    const cell = cellOf(app, "11-1011.00", "title");
    await expect(cell).toHaveText(title);
    await cell.dblclick();
    const editor = app.getByRole("textbox", { name: "Edit Title" });
    await editor.fill("Chief Stewards");
    await editor.press("Enter");
    await expect(cell).toHaveText("Chief Stewards");
    await expect(toast(app, "Undo").first()).toBeVisible();

    await app.keyboard.press("Control+z");
    await expect(cell).toHaveText(title);
    await app.keyboard.press("Control+Shift+Z");
    await expect(cell).toHaveText("Chief Stewards");
    await toast(app, "Redone").getByRole("button", { name: "Undo" }).click();
    await expect(cell).toHaveText(title);
  },
);

test("keeps what was typed out of the records until it is saved, and says what is wrong while typing", async ({
  app,
}) => {
  await app.getByText("11-1021.00", { exact: true }).click();
  await app.keyboard.press("Control+Enter");
  const panel = app.getByRole("complementary", { name: /Record 11-1021.00/ });
  await panel.getByRole("textbox", { name: "Title", exact: true }).fill("");
  await expect(panel.getByText(/rules? broken/)).toBeVisible();
  await panel.getByRole("textbox", { name: "Title", exact: true }).fill("General Stewards");
  await expect(panel.getByText("1 unsaved change")).toBeVisible();
  await expect(cellOf(app, "11-1021.00", "title")).toHaveText("General and Operations Managers");
  await app.keyboard.press("Control+s");
  await expect(panel.getByText("No unsaved changes")).toBeVisible();
  await expect(cellOf(app, "11-1021.00", "title")).toHaveText("General Stewards");

  await panel.getByText("History", { exact: true }).click();
  await expect(panel.getByRole("deletion").first()).toHaveText("General and Operations Managers");
  await expect(panel.getByRole("insertion").first()).toHaveText("General Stewards");
  await panel.getByRole("button", { name: "Revert to before this" }).first().click();
  await app.getByRole("dialog").getByRole("button", { name: "Revert the record" }).click();
  await expect(cellOf(app, "11-1021.00", "title")).toHaveText("General and Operations Managers");
});

test("asks before it saves what breaks a rule", async ({ app }) => {
  const cell = cellOf(app, "11-1011.00", "average_salary");
  await cell.dblclick();
  await app.getByRole("textbox", { name: "Edit Average salary" }).fill("-5");
  await app.keyboard.press("Enter");
  const dialog = app.getByRole("dialog");
  await expect(dialog).toContainText("breaks rules");
  await dialog.getByRole("button", { name: "Do not save" }).click();
  await expect(cell).toHaveText("269,630");
  await cell.dblclick();
  await app.getByRole("textbox", { name: "Edit Average salary" }).fill("-5");
  await app.keyboard.press("Enter");
  await app.getByRole("dialog").getByRole("button", { name: "Save anyway" }).click();
  await expect(cell).toHaveText("-5");
  await expect(cell).toHaveAttribute("aria-invalid", "true");
});

test(
  "two people change one field: the second chooses between mine and theirs",
  stores,
  async ({ app, steward, browser }) => {
    const context = await browser.newContext();
    const other = await context.newPage();
    await other.goto(steward.url);
    await expect(grid(other)).toBeVisible();
    for (const page of [app, other]) {
      await page.getByText("11-1011.00", { exact: true }).click();
      await page.keyboard.press("Control+Enter");
    }
    const mine = app.getByRole("complementary", { name: /Record/ });
    const theirs = other.getByRole("complementary", { name: /Record/ });
    await mine.getByRole("textbox", { name: "Title", exact: true }).fill("Mine");
    await theirs.getByRole("textbox", { name: "Title", exact: true }).fill("Theirs");
    await other.keyboard.press("Control+s");
    await expect(theirs.getByText("No unsaved changes")).toBeVisible();

    await app.keyboard.press("Control+s");
    const dialog = app.getByRole("dialog");
    await expect(dialog).toContainText("Someone else changed this record");
    await expect(dialog).toContainText("Chief Executives");
    await dialog.getByRole("radio", { name: "Keep mine for Title" }).check();
    await dialog.getByRole("button", { name: "Save these choices" }).click();
    await expect(mine.getByText("No unsaved changes")).toBeVisible();
    await expect(cellOf(other, "11-1011.00", "title")).toHaveText("Mine");
    await context.close();
  },
);

test("a block of a spreadsheet is pasted after its plan was seen, and undone in one step", async ({
  app,
}) => {
  await cellOf(app, "11-1011.00", "average_salary").click();
  await app.evaluate(() => navigator.clipboard.writeText("100000\n200000\n"));
  await app.keyboard.press("Control+v");
  const dialog = app.getByRole("dialog");
  await expect(dialog).toContainText("2 records");
  await dialog.getByRole("button", { name: "Change 2 records" }).click();
  await expect(cellOf(app, "11-1011.00", "average_salary")).toHaveText("100,000");
  await expect(cellOf(app, "11-1021.00", "average_salary")).toHaveText("200,000");
  await expect(app.getByRole("dialog")).toBeHidden();
  await app.keyboard.press("Control+z");
  await expect(cellOf(app, "11-1011.00", "average_salary")).toHaveText("269,630");
  await expect(cellOf(app, "11-1021.00", "average_salary")).toHaveText("134,940");
});

test("selected records are changed together, and deleted ones come back", stores, async ({ app }) => {
  await app.getByRole("checkbox", { name: "Select row 1", exact: true }).check();
  await app.getByRole("checkbox", { name: "Select row 2", exact: true }).check();
  const bar = app.getByRole("toolbar", { name: "Selected records" });
  await expect(bar).toContainText("2 records selected");
  await bar.getByRole("button", { name: "Delete" }).click();
  await app.getByRole("dialog").getByRole("button", { name: "Delete 2 records" }).click();
  await expect(app.getByRole("dialog")).toBeHidden();
  await expect(app.getByText("359 records").first()).toBeVisible();
  await expect(grid(app).getByText("11-1011.00", { exact: true })).toBeHidden();
  await app.keyboard.press("Control+z");
  await expect(app.getByText("361 records").first()).toBeVisible();
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief");
  await expect(app.getByText("11-1011.00", { exact: true })).toBeVisible();
});

test(
  "filters by choosing and by writing, sorts, and the link holds it all",
  stores,
  async ({ app, context }) => {
    await app.getByRole("button", { name: "Filter", exact: false }).first().click();
    await app.getByText("Write", { exact: true }).click();
    const text = app.getByRole("textbox", { name: "Filter as text" });
    await text.fill('education_level = "PhD"');
    await app.getByRole("button", { name: "Apply" }).click();
    await expect(app.getByText(/of 361 records/)).toBeVisible();
    const counted = await app.getByText(/of 361 records/).textContent();
    await app.getByRole("button", { name: "Average salary", exact: true }).click();
    await app.getByRole("button", { name: "Average salary", exact: true }).click();
    await expect(app.getByRole("columnheader", { name: /Average salary/ })).toHaveAttribute(
      "aria-sort",
      "descending",
    );

    const copy = await context.newPage();
    await copy.goto(app.url());
    await copy.evaluate((token) => sessionStorage.setItem("steward.token", token), await tokenOf(app));
    await copy.reload();
    await expect(copy.getByText(/of 361 records/)).toHaveText(counted ?? "");
    await expect(copy.getByRole("columnheader", { name: /Average salary/ })).toHaveAttribute(
      "aria-sort",
      "descending",
    );

    await text.fill("education_level = ");
    await app.getByRole("button", { name: "Apply" }).click();
    await expect(app.getByText(/At character \d+/)).toBeVisible();
  },
);

test("facets narrow the records by a click", stores, async ({ app }) => {
  await app.getByRole("button", { name: "Facets", exact: true }).click();
  const facet = app.getByRole("region", { name: "Education level" });
  await facet.getByRole("button", { name: /PhD/ }).click();
  await expect(app.getByText(/of 361 records/)).toBeVisible();
  await facet.getByRole("button", { name: /PhD/ }).click();
  await expect(app.getByText(/of 361 records/)).toBeHidden();
});

function tokenOf(page: Page): Promise<string> {
  return page.evaluate(() => sessionStorage.getItem("steward.token") ?? "");
}
