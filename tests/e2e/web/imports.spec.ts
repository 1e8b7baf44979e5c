import { join } from "node:path";
import { career, chooseFiles, expect, goTo, samples, stores, test, toast, writeRecords } from "./kit";

test(
  "a dirty file: the plan tells, bad rows wait, one is corrected and becomes a record",
  stores,
  async ({ app, steward }) => {
    const { average_salary: _none, ...withoutSalary } = career("key-2") as Record<string, unknown>;
    const file = writeRecords(steward, "dirty.json", [
      career("key-1"),
      withoutSalary,
      career("key-3", { description: "TBD" }),
      career("11-1011.00", { title: "Chief Stewards" }),
    ]);
    await goTo(app, "Imports");
    await chooseFiles(app, file);
    await expect(app.getByText(/of the first 4 rows ha(s|ve) problems/)).toBeVisible();
    await app.getByRole("button", { name: "See the plan" }).click();
    await expect(app.getByText("Why rows go to quarantine")).toBeVisible();
    await expect(app.getByText("Chief Stewards").first()).toBeVisible();
    await app.getByRole("button", { name: "Import 2 records" }).click();
    await expect(app.getByText(/2 rows were put into quarantine: /)).toBeVisible();

    await app.getByRole("button", { name: /Review 2 rows/ }).click();
    const list = app.getByRole("list", { name: "Quarantined rows" });
    await expect(list.getByRole("listitem")).toHaveCount(2);
    await list.getByText("Keepers of the key-2").click();
    const panel = app.getByRole("complementary", { name: "Quarantined row" });
    await panel.getByRole("textbox", { name: "Average salary" }).fill("48,000");
    await expect(panel.getByText("No problems left", { exact: false })).toBeVisible();
    await panel.getByRole("button", { name: "Save and retry" }).click();
    await expect(toast(app, /Row \d+ imported\./)).toBeVisible();
    await expect(list.getByRole("listitem")).toHaveCount(1);

    await goTo(app, "Records");
    await expect(app.getByText("363 records").first()).toBeVisible();
  },
);

test("a row that still breaks a rule stays, with the reason", async ({ app, steward }) => {
  steward.cli("import", writeRecords(steward, "bad.json", [career("bad-1", { average_salary: 0 })]));
  await goTo(app, "Quarantine");
  await app.getByText("Keepers of the bad-1").click();
  const panel = app.getByRole("complementary", { name: "Quarantined row" });
  await panel.getByRole("button", { name: "Retry" }).click();
  await expect(toast(app, "still breaks rules")).toBeVisible();
});

test("discarding asks for a reason and can be undone", async ({ app, steward }) => {
  steward.cli("import", writeRecords(steward, "bad.json", [career("bad-1", { average_salary: 0 })]));
  await app.reload();
  await goTo(app, "Quarantine");
  const list = app.getByRole("list", { name: "Quarantined rows" });
  await app.getByRole("button", { name: /^bad\.json \d+$/ }).click();
  await expect(list.getByRole("listitem")).toHaveCount(1);
  await app.getByRole("button", { name: "Discard 1 row" }).click();
  const dialog = app.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Discard 1 row" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("a test entry");
  await dialog.getByRole("button", { name: "Discard 1 row" }).click();
  await expect(app.getByText("No rows match")).toBeVisible();
  await toast(app, "1 row discarded").getByRole("button", { name: "Undo" }).click();
  await expect(list.getByRole("listitem")).toHaveCount(1);
});

test("importing the sample again changes nothing", async ({ app }) => {
  await goTo(app, "Imports");
  await chooseFiles(app, join(samples, "production_career_data.json"));
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText("Nothing to import: the data already matches this file.")).toBeVisible();
});

test("placeholder content is recognised and kept out", async ({ app }) => {
  await goTo(app, "Imports");
  await chooseFiles(app, join(samples, "new_career_data.json"));
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText("contains placeholder content", { exact: false }).first()).toBeVisible();
});

test("an import is undone as a whole, after its plan was seen", stores, async ({ app, steward }) => {
  const file = writeRecords(steward, "more.json", [
    career("undo-1"),
    career("11-1011.00", { title: "Other" }),
  ]);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 2 records" }).click();
  await app.getByRole("button", { name: /Undo the import/ }).click();
  const dialog = app.getByRole("dialog");
  await expect(dialog).toContainText("will be removed");
  await dialog.getByRole("button", { name: "Remove 1 record and restore 1" }).click();
  await expect(toast(app, "Import undone")).toBeVisible();
  await goTo(app, "Records");
  await expect(app.getByText("361 records").first()).toBeVisible();
  await expect(app.getByText("Chief Executives", { exact: true })).toBeVisible();
});

test("Ctrl Z takes an import back too", async ({ app, steward }) => {
  const file = writeRecords(steward, "more.json", [career("undo-1")]);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 1 record" }).click();
  await expect(app.getByText("Outcome").first()).toBeVisible();
  await expect(toast(app, "Import finished")).toBeVisible();
  await app.keyboard.press("Control+z");
  await expect(toast(app, "Import undone")).toBeVisible();
});
