import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  career,
  expect,
  expectAccessible,
  goTo,
  type Page,
  type Server,
  stores,
  test,
  toast,
  writeRecords,
} from "./kit";

/** Loads, in place of what the sample left there, three rows whose salary is text, and one that is too low. */
function loadWrongRows(steward: Server): void {
  const rows = ["$52,000", "61k", "much"].map((salary, at) =>
    career(`99-100${at}.00`, { average_salary: salary }),
  );
  steward.cli("quarantine", "discard", "--all", "--reason", "rows of the sample");
  rows.push(career("99-2000.00", { average_salary: -5 }));
  steward.cli("import", writeRecords(steward, "wrong.json", rows));
}

function rows(page: Page) {
  return page.getByRole("list", { name: "Quarantined rows" }).getByRole("listitem");
}

async function opened(page: Page, steward: Server): Promise<void> {
  loadWrongRows(steward);
  // Another program wrote: what the page knew a moment ago must not count.
  await page.reload();
  await goTo(page, "Quarantine");
  await expect(rows(page)).toHaveCount(4);
}

test("Ctrl Z takes a discard back", async ({ app, steward }) => {
  await opened(app, steward);
  await app.getByRole("checkbox", { name: "Select row 1" }).check();
  await app.getByRole("button", { name: "Discard 1" }).click();
  const dialog = app.getByRole("dialog", { name: "Discard 1 row?" });
  const reason = dialog.getByRole("textbox", { name: "Reason" });
  await expect(reason).toBeFocused();
  await reason.fill("not ours");
  await dialog.getByRole("button", { name: "Discard 1 row" }).click();
  await expect(toast(app, "1 row discarded.")).toBeVisible();
  await expect(rows(app)).toHaveCount(3);
  await expect(dialog).toBeHidden();
  await app.keyboard.press("Control+z");
  await expect(toast(app, "Undone: Discarded 1 row.")).toBeVisible();
  await expect(rows(app)).toHaveCount(4);
});

test("all rows with an error are fixed at once, and undone", stores, async ({ app, steward }) => {
  await opened(app, steward);
  await app
    .getByRole("complementary", { name: "Problems" })
    .getByRole("button", { name: /^Average salary .*3$/ })
    .click();
  await app.getByRole("button", { name: "Fix all 3 rows…" }).click();
  const dialog = app.getByRole("dialog", { name: "Fix 3 rows" });
  await expect(dialog.getByRole("combobox", { name: "Field" })).toHaveValue("average_salary");
  await expect(dialog.getByText("2 rows become valid")).toBeVisible();
  await expect(dialog.getByText("1 cannot be converted")).toBeVisible();
  await expect(dialog.getByRole("row").filter({ hasText: "$52,000" })).toContainText("52,000");
  await expectAccessible(app, "a fix of many rows", ".mantine-Modal-content");
  await dialog.getByRole("button", { name: "Fix 2 rows" }).click();
  await expect(toast(app, "2 rows corrected, 2 imported.")).toBeVisible();
  await expect(rows(app)).toHaveCount(1);
  await app.keyboard.press("Control+z");
  await expect(rows(app)).toHaveCount(3);
});

test("a plan that takes long says so, and is given up by who leaves it", async ({ app, steward }) => {
  await opened(app, steward);
  // It never answers.
  await app.route("**/api/call/quarantine.planFix", () => {});
  await app.getByRole("button", { name: "Fix all 4 rows…" }).click();
  const dialog = app.getByRole("dialog", { name: "Fix 4 rows" });
  await expect(dialog.getByRole("status")).toContainText("Testing it on 4 rows.");
  const givenUp = app.waitForEvent("requestfailed", (asked) => asked.url().endsWith("quarantine.planFix"));
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await givenUp;
});

test("bad values are exchanged for good ones", async ({ app, steward }) => {
  await opened(app, steward);
  await app.getByRole("button", { name: "Fix all 4 rows…" }).click();
  const dialog = app.getByRole("dialog", { name: "Fix 4 rows" });
  await dialog.getByRole("combobox", { name: "Action" }).click();
  await app.getByRole("option", { name: "Replace values" }).click();
  await dialog.getByRole("textbox", { name: "What much becomes" }).fill("48000");
  await expect(dialog.getByText("1 row becomes valid")).toBeVisible();
  await dialog.getByRole("button", { name: "Fix 1 row" }).click();
  await expect(toast(app, "1 row corrected, 1 imported.")).toBeVisible();
});

test("a corrected table comes back", async ({ app, steward }) => {
  await opened(app, steward);
  const table = join(steward.folder, "rows.csv");
  steward.cli("quarantine", "export", table, "--format", "rows");
  writeFileSync(table, readFileSync(table, "utf8").replace("much", "47000"));
  const chooser = app.waitForEvent("filechooser");
  await app.getByRole("button", { name: "Import corrections" }).click();
  await (await chooser).setFiles([table]);
  const dialog = app.getByRole("dialog", { name: "Corrections in rows.csv" });
  await expect(dialog.getByText("1 will be imported")).toBeVisible();
  await expect(dialog.getByText("3 unchanged")).toBeVisible();
  await dialog.getByRole("button", { name: "Correct 1 row" }).click();
  await expect(toast(app, "1 row corrected, 1 imported.")).toBeVisible();
  await expect(rows(app)).toHaveCount(3);
});

test("exports come as files, and the source file in two halves", async ({ app, steward }) => {
  await opened(app, steward);
  for (const [item, name, holds] of [
    [/^Rows to correct/, "rows-to-correct.csv", "quarantine_id"],
    [/^Error report/, "errors.csv", "average_salary"],
    [/^Invalid rows/, "wrong.invalid.json", "much"],
  ] as const) {
    const download = app.waitForEvent("download");
    await app.getByRole("button", { name: "Export" }).click();
    await app.getByRole("menuitem", { name: item }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(name);
    expect(readFileSync(await file.path(), "utf8")).toContain(holds);
  }
});

test("facets narrow by file and by schema", async ({ app, steward }) => {
  await opened(app, steward);
  steward.cli("import", writeRecords(steward, "more.json", [career("99-3000.00", { average_salary: -1 })]));
  await app.reload();
  const facets = app.getByRole("complementary", { name: "Problems" });
  await facets.getByRole("button", { name: /^more\.json/ }).click();
  await expect(rows(app)).toHaveCount(1);
  await facets.getByRole("button", { name: /^more\.json/ }).click();
  await facets.getByRole("button", { name: /^careers@/ }).click();
  await expect(rows(app)).toHaveCount(5);
  await expect(app).toHaveURL(/schema=careers/);
});
