/** Backups and restores as an admin goes about them. */
import { backUp, listed } from "./backups";
import { cellOf, expect, goTo, stores, test, toast } from "./kit";

test(
  "a backup is taken, verified, restored after its plan was seen, and the restore is undone",
  stores,
  async ({ app, steward }) => {
    await goTo(app, "Backups");
    await expect(app.getByText("No backups yet")).toBeVisible();
    const state = app.getByRole("region", { name: "Backup status" });
    await expect(state).toContainText("never verified");
    await backUp(app);
    await expect(listed(app)).toHaveCount(1);
    await expect(listed(app).first()).toContainText("never verified");
    await expect(listed(app).first()).toContainText("on request");

    await listed(app).first().getByRole("button", { name: "just now" }).click();
    await app.getByRole("button", { name: "Verify by test restore" }).click();
    await expect(toast(app, /^Verified: the backup was restored/)).toBeVisible({ timeout: 60_000 });
    await expect(app.getByText("Verified: no problems found")).toBeVisible();
    await expect(app.getByRole("list", { name: "Collections that were checked" })).toContainText(
      "careers 361 records against careers@",
    );
    await app.getByRole("button", { name: "All backups" }).click();
    await expect(listed(app).first()).toContainText("verified just now");
    await expect(state).toContainText("less than a minute");

    steward.cli("records", "set", "11-1011.00", "title=Changed since");
    steward.cli("records", "bulk", 'career_id = "11-1021.00"', "--delete", "--yes");
    await app.getByRole("button", { name: "Restore", exact: true }).click();
    await app.getByRole("menuitem", { name: "From a backup…" }).click();
    const dialog = app.getByRole("dialog");
    await expect(dialog.getByRole("checkbox", { name: "careers" })).toBeChecked();
    await dialog.getByRole("button", { name: "See the plan" }).click();
    const plan = dialog.getByRole("table", { name: "Plan of the restore" });
    await expect(plan.getByRole("row").nth(1)).toHaveText(/^careers ?110359$/);
    await expect(
      dialog.getByText("A safety backup of the current data is taken first.", { exact: true }),
    ).toBeVisible();
    await expect(dialog.getByRole("deletion").first()).toHaveText("Changed since");
    await dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" }).click();
    await expect(dialog.getByText("361 records restored in careers.")).toBeVisible({ timeout: 60_000 });
    await dialog.getByRole("button", { name: "Open the records" }).click();
    await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Chief Executives");
    await expect(app.getByText("361 records").first()).toBeVisible();

    await goTo(app, "Backups");
    await expect(listed(app)).toHaveCount(2);
    await expect(listed(app).first()).toContainText("before a restore");
    await app.getByRole("table", { name: "Restores" }).getByRole("button", { name: "Undo…" }).click();
    await expect(
      dialog.getByRole("table", { name: "Effect of the undo" }).getByRole("row").nth(1),
    ).toHaveText(/^careers3603610$/);
    await dialog.getByRole("button", { name: "Undo, restoring 360 records" }).click();
    await expect(toast(app, "Restore undone")).toBeVisible({ timeout: 60_000 });
    await expect(app.getByRole("table", { name: "Restores" })).toContainText("undone");
    await goTo(app, "Records");
    await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Changed since");
    await expect(app.getByText("360 records").first()).toBeVisible();
  },
);

test(
  "a single field and a whole record are brought back out of a backup",
  stores,
  async ({ app, steward }) => {
    await goTo(app, "Backups");
    await backUp(app);
    steward.cli("records", "set", "11-1011.00", "title=Changed since", "soc_code=99-9999");
    steward.cli("records", "bulk", 'career_id = "11-1021.00"', "--delete", "--yes");
    await listed(app).first().getByRole("button", { name: "just now" }).click();
    await app.getByText("Browse", { exact: true }).click();
    const inside = app.getByRole("list", { name: "Records in the backup" });
    await expect(inside.getByText("unchanged").first()).toBeVisible();
    await expect(
      inside.getByRole("listitem").filter({ hasText: /unchanged|differ|no longer exists/ }),
    ).toHaveCount(50);
    await app.getByRole("button", { name: "Show 50 more" }).click();
    await expect(
      inside.getByRole("listitem").filter({ hasText: /unchanged|differ|no longer exists/ }),
    ).toHaveCount(100);

    const search = app.getByRole("textbox", { name: "Search in these records" });
    await search.fill("11-1011.00");
    await expect(inside.getByText("2 fields differ now")).toBeVisible();
    await inside.getByRole("checkbox", { name: "Title" }).check();
    await inside.getByRole("button", { name: /^Restore 1 field/ }).click();
    await expect(toast(app, "Chief Executives restored")).toBeVisible();
    await expect(inside.getByText("1 field differs now")).toBeVisible();
    await search.fill("11-1021.00");
    await expect(inside.getByText("no longer exists")).toBeVisible();
    await inside.getByRole("button", { name: /^Restore/ }).click();
    await expect(inside.getByText("unchanged")).toBeVisible();
    await goTo(app, "Records");
    await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Chief Executives");
    await expect(app.getByText("361 records").first()).toBeVisible();
  },
);

test("two backups are compared", async ({ app, steward }) => {
  await goTo(app, "Backups");
  await backUp(app);
  steward.cli("records", "set", "11-1011.00", "title=Changed since");
  await app.getByRole("button", { name: "Back up now" }).click();
  await expect(listed(app)).toHaveCount(2);
  await listed(app).first().getByRole("button", { name: "just now" }).click();
  await app.getByText("Compare", { exact: true }).click();
  await app.getByRole("combobox", { name: "The other backup" }).click();
  await app.getByRole("option").first().click();
  await app.getByRole("button", { name: "Compare" }).click();
  await expect(
    app.getByRole("table", { name: "Differences" }).getByRole("row", { name: /^careers/ }),
  ).toHaveText("careers010360");
});
