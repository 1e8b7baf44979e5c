import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { cellOf, expect, grid, type Page, stores, test, toast } from "./kit";

async function openViews(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Views", exact: true }).click();
  await expect(page.getByRole("menuitem", { name: "Save this view…" })).toBeVisible();
}

async function saveAs(page: Page, name: string): Promise<void> {
  await openViews(page);
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  const box = page.getByRole("dialog").getByRole("textbox", { name: "Name" });
  await expect(box).toBeFocused();
  await box.fill(name);
  await page.getByRole("button", { name: "Save view" }).click();
  await expect(toast(page, `View “${name}” saved.`)).toBeVisible();
}

test("a view is saved with its search, order and columns, opened, renamed and removed", async ({ app }) => {
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief");
  const some = app.getByText(/^\d{1,2} of 361 records/);
  await expect(some).toBeVisible();
  const shown = (await some.textContent()) ?? "";
  await app.getByRole("button", { name: "Average salary", exact: true }).click();
  await app.getByRole("button", { name: "Columns", exact: true }).click();
  await app.getByRole("checkbox", { name: "Description" }).uncheck();
  await app.keyboard.press("Escape");
  const description = app.getByRole("columnheader", { name: /^Description/ });
  await expect(description).toBeHidden();
  await saveAs(app, "Chiefs");

  // Another look at the records, and a new page: the view is kept in the workspace.
  await app.goto(app.url().replace(/\?.*/, ""));
  await expect(grid(app)).toBeVisible();
  await app.getByRole("button", { name: "Columns", exact: true }).click();
  await app.getByRole("button", { name: "Reset the columns" }).click();
  await app.keyboard.press("Escape");
  await expect(description).toBeVisible();
  await expect(app.getByText("361 records").first()).toBeVisible();
  await openViews(app);
  await app.getByRole("menuitem", { name: "Chiefs" }).click();
  await expect(app.getByText(shown, { exact: true })).toBeVisible();
  await expect(description).toBeHidden();
  await expect(app.getByRole("columnheader", { name: /Average salary/ })).toHaveAttribute(
    "aria-sort",
    "ascending",
  );
  await expect(cellOf(app, "11-1011.00", "title")).toBeVisible();

  await openViews(app);
  await app.getByRole("button", { name: "Rename view Chiefs" }).click();
  const box = app.getByRole("dialog").getByRole("textbox", { name: "Name" });
  await expect(box).toBeFocused();
  await box.fill("Heads");
  await app.getByRole("button", { name: "Rename", exact: true }).click();
  await expect(toast(app, "View “Chiefs” renamed to “Heads”.")).toBeVisible();
  await app.reload();
  await expect(grid(app)).toBeVisible();
  await openViews(app);
  await expect(app.getByRole("menuitem", { name: "Heads" })).toBeVisible();
  await expect(app.getByRole("menuitem", { name: "Chiefs" })).toHaveCount(0);
  await app.getByRole("button", { name: "Remove view Heads" }).click();
  await expect(toast(app, "View “Heads” removed.")).toBeVisible();
  await app.reload();
  await expect(grid(app)).toBeVisible();
  await openViews(app);
  await expect(app.getByText("No saved views yet")).toBeVisible();
});

test("a view keeps an order by a field with a dot in its name", stores, async ({ app, steward }) => {
  const file = join(steward.folder, "devices.csv");
  writeFileSync(file, "id,usb 3.1\na,2\nb,7\nc,5\n");
  steward.cli("import", "--no-schema", "--collection", "devices", "--key", "id", file);
  const devices = async () => {
    await app.goto(`${app.url().replace(/\?.*/, "")}?c=devices`);
    await expect(grid(app)).toBeVisible();
  };
  await devices();
  const sort = app.getByRole("button", { name: "Usb 3.1", exact: true });
  await sort.click();
  await sort.click();
  const header = app.getByRole("columnheader", { name: /Usb 3\.1/ });
  await expect(header).toHaveAttribute("aria-sort", "descending");
  const first = app.getByRole("row").locator('[data-col="/usb 3.1"]');
  await expect(first.nth(0)).toHaveText("7");
  await expect(first.nth(1)).toHaveText("5");
  await expect(first.nth(2)).toHaveText("2");
  await saveAs(app, "By plugs");

  await devices();
  await expect(header).toHaveAttribute("aria-sort", "none");
  await openViews(app);
  await app.getByRole("menuitem", { name: "By plugs" }).click();
  await expect(header).toHaveAttribute("aria-sort", "descending");
  await expect(first.nth(0)).toHaveText("7");
});

test("a view cannot be renamed over another", async ({ app }) => {
  await saveAs(app, "One");
  await saveAs(app, "Two");
  await openViews(app);
  await app.getByRole("button", { name: "Rename view Two" }).click();
  const dialog = app.getByRole("dialog");
  await expect(dialog.getByRole("textbox", { name: "Name" })).toBeFocused();
  await dialog.getByRole("textbox", { name: "Name" }).fill("One");
  await expect(dialog.getByText("Another view has this name.")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Rename", exact: true })).toBeDisabled();
});
