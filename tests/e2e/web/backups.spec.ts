import { readdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder, cellOf, expect, goTo, type Page, test, toast } from "./kit";

async function expectNothingSerious(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`),
    where,
  ).toEqual([]);
}

function listed(page: Page) {
  return page.getByRole("table", { name: "Backups", exact: true }).locator("tbody").getByRole("row");
}

async function backUp(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Back up now" }).first().click();
  await expect(toast(page, /Backup taken: 361 records, /)).toBeVisible();
}

test("a backup is taken, proven, restored after its plan was seen, and the restore is undone", async ({
  app,
  steward,
}) => {
  await goTo(app, "Backups");
  await expect(app.getByText("Nothing is backed up yet")).toBeVisible();
  const state = app.getByRole("region", { name: "State of the backups" });
  await expect(state).toContainText("never proven");
  await backUp(app);
  await expect(listed(app)).toHaveCount(1);
  await expect(listed(app).first()).toContainText("never proven");
  await expect(listed(app).first()).toContainText("by hand");

  await listed(app).first().getByRole("button", { name: "just now" }).click();
  await app.getByRole("button", { name: "Prove by test restore" }).click();
  await expect(toast(app, /^Proven: the backup was restored/)).toBeVisible({ timeout: 60_000 });
  await expect(app.getByText("Nothing is wrong with it")).toBeVisible();
  await expect(app.getByRole("list", { name: "Collections that were checked" })).toContainText(
    "careers 361 records against careers@",
  );
  await app.getByRole("button", { name: "All backups" }).click();
  await expect(listed(app).first()).toContainText("proven just now");
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
    dialog.getByText("A backup of what is there now is taken first.", { exact: true }),
  ).toBeVisible();
  await expect(dialog.getByRole("deletion").first()).toHaveText("Changed since");
  await dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" }).click();
  await expect(dialog.getByText("361 records are back in careers.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Open the records" }).click();
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Chief Executives");
  await expect(app.getByText("361 records").first()).toBeVisible();

  await goTo(app, "Backups");
  await expect(listed(app)).toHaveCount(2);
  await expect(listed(app).first()).toContainText("before a restore");
  await app.getByRole("table", { name: "Restores" }).getByRole("button", { name: "Undo…" }).click();
  await expect(dialog.getByRole("table", { name: "What comes back" }).getByRole("row").nth(1)).toHaveText(
    /^careers3603610$/,
  );
  await dialog.getByRole("button", { name: "Undo, bringing 360 records back" }).click();
  await expect(toast(app, "Restore undone")).toBeVisible({ timeout: 60_000 });
  await expect(app.getByRole("table", { name: "Restores" })).toContainText("taken back");
  await goTo(app, "Records");
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Changed since");
  await expect(app.getByText("360 records").first()).toBeVisible();
});

test("a single field and a whole record are brought back out of a backup", async ({ app, steward }) => {
  await goTo(app, "Backups");
  await backUp(app);
  steward.cli("records", "set", "11-1011.00", "title=Changed since", "soc_code=99-9999");
  steward.cli("records", "bulk", 'career_id = "11-1021.00"', "--delete", "--yes");
  await listed(app).first().getByRole("button", { name: "just now" }).click();
  await app.getByText("Look inside", { exact: true }).click();
  const inside = app.getByRole("list", { name: "Records in the backup" });
  await expect(inside.getByText("the same now").first()).toBeVisible();
  await expect(inside.getByRole("listitem").filter({ hasText: "now" })).toHaveCount(50);
  await app.getByRole("button", { name: "Show 50 more" }).click();
  await expect(inside.getByRole("listitem").filter({ hasText: "now" })).toHaveCount(100);

  const search = app.getByRole("textbox", { name: "Search in these records" });
  await search.fill("11-1011.00");
  await expect(inside.getByText("2 fields differ now")).toBeVisible();
  await inside.getByRole("checkbox", { name: "Title" }).check();
  await inside.getByRole("button", { name: /^Bring back 1 field/ }).click();
  await expect(toast(app, "Chief Executives is back")).toBeVisible();
  await expect(inside.getByText("1 field differs now")).toBeVisible();
  await search.fill("11-1021.00");
  await expect(inside.getByText("not there now")).toBeVisible();
  await inside.getByRole("button", { name: /^Bring back/ }).click();
  await expect(inside.getByText("the same now")).toBeVisible();
  await goTo(app, "Records");
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Chief Executives");
  await expect(app.getByText("361 records").first()).toBeVisible();
});

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

test("the settings are saved: schedule, proof, retention; what would go is shown first", async ({ app }) => {
  await goTo(app, "Backups");
  await backUp(app);
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  const drawer = app.getByRole("dialog");
  await drawer.getByRole("combobox", { name: "A backup is taken" }).click();
  await app.getByRole("option", { name: "Every day" }).click();
  await drawer.getByLabel("A backup is taken: time").fill("04:30");
  await drawer.getByRole("combobox", { name: "The newest backup is proven" }).click();
  await app.getByRole("option", { name: "Every week" }).click();
  await drawer.getByRole("textbox", { name: "One a month (months)" }).fill("12");
  await expect(drawer.getByText("one a month for 12 months")).toBeVisible();
  await expectNothingSerious(app, "settings of backups");
  await drawer.getByRole("button", { name: "Save and see what would go…" }).click();
  await expect(app.getByText("By these rules every backup stays.")).toBeVisible();
  await expect(app.getByRole("table", { name: "What goes and what stays" })).toContainText("stays: ");
  await app.getByRole("dialog").last().getByRole("button", { name: "Cancel" }).click();
  await drawer.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Settings of backups saved")).toBeVisible();
  await expect(app.getByText("next, every day at 04:30")).toBeVisible();
  await app.reload();
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  await expect(drawer.getByLabel("A backup is taken: time")).toHaveValue("04:30");
  await expect(drawer.getByRole("textbox", { name: "One a month (months)" })).toHaveValue("12");
});

test("in production a restore asks for the workspace's name", async ({ app, steward }) => {
  await goTo(app, "Settings");
  await app.getByRole("switch", { name: "This is a production workspace" }).click();
  await expect(app.getByRole("banner").getByText("production")).toBeVisible();
  await goTo(app, "Backups");
  await backUp(app);
  steward.cli("records", "set", "11-1011.00", "title=Changed since");
  await app.keyboard.press("Control+k");
  await app.keyboard.type("Restore…");
  await app.keyboard.press("Enter");
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  const restore = dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" });
  await expect(restore).toBeDisabled();
  await expectNothingSerious(app, "plan of a restore");
  await dialog.getByRole("textbox", { name: /^Type .+ to go on$/ }).fill("something else");
  await expect(restore).toBeDisabled();
  const label = await dialog.getByText(/^Type .+ to go on$/).textContent();
  const name = /^Type (.+) to go on/.exec(label ?? "")?.[1] ?? "";
  await dialog.getByRole("textbox", { name: /^Type .+ to go on$/ }).fill(name);
  await restore.click();
  await expect(dialog.getByText("361 records are back in careers.")).toBeVisible({ timeout: 60_000 });
});

for (const scheme of ["light", "dark"] as const) {
  test(`axe finds nothing serious on the pages of backups (${scheme})`, async ({ app }) => {
    await app.emulateMedia({ colorScheme: scheme });
    await goTo(app, "Backups");
    await expect(app.getByText("Nothing is backed up yet")).toBeVisible();
    await expectNothingSerious(app, "no backups");
    await backUp(app);
    await expect(listed(app)).toHaveCount(1);
    await expectNothingSerious(app, "backups");
    await listed(app).first().getByRole("button", { name: "just now" }).click();
    await expect(app.getByRole("table", { name: "Collections of the backup" })).toBeVisible();
    await expectNothingSerious(app, "a backup");
    await app.getByText("Look inside", { exact: true }).click();
    await expect(app.getByText("the same now").first()).toBeVisible();
    await expectNothingSerious(app, "inside a backup");
  });
}

test("a backup that is locked asks for its passphrase, twice when it is new, once to open it", async ({
  app,
}) => {
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  await app.getByRole("radio", { name: "A passphrase" }).check();
  await app.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Settings of backups saved")).toBeVisible();
  const dialog = app.getByRole("dialog");
  await expect(dialog).toBeHidden();

  await app.getByRole("button", { name: "Back up now" }).first().click();
  await expect(dialog).toContainText("Lock the new backup");
  await dialog.getByRole("textbox", { name: "Passphrase" }).fill("winter is long");
  await dialog.getByRole("textbox", { name: "Once more" }).fill("winter is short");
  await expect(dialog.getByRole("button", { name: "Take the backup" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Once more" }).fill("winter is long");
  await dialog.getByRole("button", { name: "Take the backup" }).click();
  await expect(toast(app, /Backup taken: 361 records/)).toBeVisible({ timeout: 60_000 });
  await expect(listed(app).getByRole("img", { name: "encrypted" })).toBeVisible();

  await listed(app).first().getByRole("button", { name: "More about this backup" }).click();
  await app.getByRole("menuitem", { name: "Read to its end" }).click();
  const box = dialog.getByRole("textbox", { name: "Passphrase or key" });
  await box.fill("summer is long");
  await dialog.getByRole("button", { name: "Open the backup" }).click();
  await expect(dialog).toContainText("This passphrase or key does not open the backup.", { timeout: 60_000 });
  await box.fill("winter is long");
  await dialog.getByRole("button", { name: "Open the backup" }).click();
  await expect(listed(app).first()).toContainText("read to its end just now", { timeout: 60_000 });
});

test("an archive that lies somewhere is restored under another name, beside what is there", async ({
  app,
  steward,
}) => {
  const place = join(steward.folder, "elsewhere");
  steward.cli("backup", "create", "--to", place, "--records-only");
  const archive = readdirSync(place).find((name) => name.includes(".archive"));
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Restore", exact: true }).click();
  const chooser = app.waitForEvent("filechooser");
  await app.getByRole("menuitem", { name: "From a file…" }).click();
  await (await chooser).setFiles(join(place, archive ?? ""));
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await expect(dialog.getByText("Everything in the backup is here already")).toBeVisible();
  await dialog.getByRole("button", { name: "Choose otherwise" }).click();
  await dialog.getByRole("textbox", { name: "Name for careers" }).fill("careers_then");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await expect(
    dialog.getByRole("table", { name: "Plan of the restore" }).getByRole("row").nth(1),
  ).toContainText("careers as careers_then new361");
  await dialog.getByRole("button", { name: "Restore 1 collection", exact: true }).click();
  await expect(dialog.getByText("361 records are back in careers_then.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Open the records" }).click();
  await expect(app.getByRole("banner").getByText("careers_then")).toBeVisible();
});

test("a restore that was cut off stands on top of the page, with both ways on", async ({ app }) => {
  const restore = {
    id: "cut-off",
    state: "loading",
    backup: "some-backup",
    from: "/backups",
    madeAt: "2026-01-01T10:00:00Z",
    mode: "clean",
    collections: [{ name: "careers", into: "careers", records: 361, existed: true }],
    own: false,
    startedAt: "2026-01-02T10:00:00Z",
    heartbeatAt: "2026-01-02T10:00:05Z",
    actor: "somebody",
    notes: [],
  };
  await app.route("**/api/call/restores.list", (route) =>
    route.fulfill({ json: { restores: [{ restore, interrupted: true, canUndo: false }] } }),
  );
  await goTo(app, "Backups");
  const alert = app.getByRole("alert").filter({ hasText: "A restore was cut off" });
  await expect(alert).toContainText("The restore of careers, begun");
  await expect(app.getByRole("link", { name: /Backups.*1 restore was cut off/ })).toBeVisible();
  await expect(app.getByRole("table", { name: "Restores" })).toContainText("cut off");
  await expectNothingSerious(app, "a restore that was cut off");
  await app.emulateMedia({ colorScheme: "dark" });
  await app.reload();
  await expect(alert).toBeVisible();
  await expectNothingSerious(app, "a restore that was cut off, dark");
  const asked = app.waitForRequest("**/api/call/restores.cleanUp");
  await alert.getByRole("button", { name: "Clean up" }).click();
  expect((await asked).postDataJSON()).toEqual({ restoreId: "cut-off" });
  await expect(alert.getByRole("button", { name: "Go on" })).toBeEnabled();
});

test("what a restore put aside is given up for good", async ({ app, steward }) => {
  steward.cli("backup", "create");
  steward.cli("records", "set", "11-1011.00", "title=Changed since");
  await goTo(app, "Backups");
  await listed(app).first().getByRole("button", { name: "More about this backup" }).click();
  await app.getByRole("menuitem", { name: "Restore…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" }).click();
  await expect(dialog.getByText("361 records are back in careers.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Close" }).last().click();
  const restores = app.getByRole("table", { name: "Restores" });
  await restores.getByRole("button", { name: "Settle…" }).click();
  await dialog.getByRole("button", { name: "Drop 361 records" }).click();
  await expect(toast(app, "361 records given up")).toBeVisible();
  await expect(restores).toContainText("for good");
  await expect(restores.getByRole("button", { name: "Undo…" })).toHaveCount(0);
  await goTo(app, "History");
  await app.getByRole("button", { name: /^Restored from the backup/ }).click();
  const panel = app.getByRole("complementary", { name: "Change" });
  await expect(panel.getByRole("button", { name: "Take this change back" })).toHaveCount(0);
  await panel.getByRole("button", { name: "Open the restores" }).click();
  await expect(restores).toBeVisible();
});
