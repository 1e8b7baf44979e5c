import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { career, cellOf, expect, expectAccessible, grid, type Page, stores, test, toast } from "./kit";

async function paste(page: Page, rows: string[][]) {
  const text = rows.map((cells) => cells.join("\t")).join("\n");
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), text);
  await page.keyboard.press("Control+v");
}

test(
  "a pasted block: what changes, what cannot be written and why, which records would break a rule",
  stores,
  async ({ app }) => {
    await cellOf(app, "11-1011.00", "career_id").click();
    await paste(app, [
      ["11-1011.00", "Chief Stewards"],
      ["other key", "General Stewards"],
      ["11-2011.00", "Advertising Stewards"],
    ]);
    const dialog = app.getByRole("dialog");
    await expect(dialog).toContainText("Nothing is written yet");
    await expect(dialog).toContainText("3 records of careers will change");
    await expect(dialog.getByRole("list", { name: "Cells that cannot be written" })).toContainText(
      "The key of a record does not change.",
    );
    await dialog.getByRole("button", { name: "Cancel" }).click();

    await cellOf(app, "11-1011.00", "average_salary").click();
    await paste(app, [["300000"], ["a lot"], ["-5"]]);
    await expect(dialog.getByRole("list", { name: "Cells that cannot be written" })).toContainText(
      "is not a number",
    );
    const breaking = dialog.getByRole("list", { name: "1 record would break a rule" });
    await expect(breaking).toContainText("11-2011.00");
    await expectAccessible(app, "plan of a paste");
    // What breaks a rule stays as it is unless somebody says otherwise.
    await expect(dialog.getByRole("radio", { name: "Leave it unchanged" })).toBeChecked();
    await dialog.getByRole("radio", { name: "Change it as well" }).check();
    await expect(dialog.getByRole("button", { name: "Change 2 records" })).toBeVisible();
    await dialog.getByRole("radio", { name: "Leave it unchanged" }).check();
    await dialog.getByRole("button", { name: "Change 1 record", exact: true }).click();
    await expect(cellOf(app, "11-1011.00", "average_salary")).toHaveText("300,000");
    await expect(cellOf(app, "11-2011.00", "average_salary")).toHaveText("154,280");
    await app.keyboard.press("Control+z");
    await expect(cellOf(app, "11-1011.00", "average_salary")).toHaveText("269,630");
  },
);

test("lists and objects are pasted, too", async ({ app }) => {
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief Executives");
  await expect(app.getByText("1 of 361 records")).toBeVisible();
  await cellOf(app, "11-1011.00", "salary_range").click();
  await paste(app, [['{"min":1000,"max":2000,"currency":"USD"}']]);
  await expect(cellOf(app, "11-1011.00", "salary_range")).toContainText("1,000");
});

test("ten thousand rows are one change and one undo", async ({ app, steward }) => {
  const rows = Array.from({ length: 10_000 }, (_, n) => career(`k-${String(n).padStart(5, "0")}`));
  const file = join(steward.folder, "many.json");
  writeFileSync(file, JSON.stringify(rows));
  steward.cli("import", file, "--collection", "many");
  await app.goto(`${new URL(app.url()).origin}/#/records?c=many`);
  await cellOf(app, "k-00000", "title").click();
  await paste(
    app,
    rows.map((_, n) => [`Stewards of place ${n}`]),
  );
  const dialog = app.getByRole("dialog");
  const apply = dialog.getByRole("button", { name: "Change 10,000 records" });
  await expect(apply).toBeVisible({ timeout: 60_000 });
  await apply.click();
  await expect(toast(app, "Changed 10,000 records").first()).toBeVisible({ timeout: 60_000 });
  await expect(cellOf(app, "k-00000", "title")).toHaveText("Stewards of place 0");
  await app.keyboard.press("Control+End");
  await app.keyboard.press("Control+z");
  await expect(toast(app, "Undone").first()).toBeVisible({ timeout: 60_000 });
  await app.keyboard.press("Control+Home");
  await expect(cellOf(app, "k-00000", "title")).toHaveText("Keepers of the k-00000");
  await expect(grid(app)).toBeVisible();
});
