/** Settings of backups, locked ones, archives from elsewhere, restores that were cut off or given up. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { backUp, listed } from "./backups";
import {
  career,
  downloadBy,
  expect,
  expectAccessible,
  goTo,
  type Locator,
  type Page,
  type Server,
  test,
  toast,
  writeRecords,
} from "./kit";

test("the settings are saved: schedule, verification, retention; what would go is shown first", async ({
  app,
}) => {
  await goTo(app, "Backups");
  await backUp(app);
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  const drawer = app.getByRole("dialog");
  await drawer.getByRole("combobox", { name: "Take a backup" }).click();
  await app.getByRole("option", { name: "Every day" }).click();
  await drawer.getByLabel("Take a backup: time").fill("04:30");
  await drawer.getByRole("combobox", { name: "Verify the newest backup" }).click();
  await app.getByRole("option", { name: "Every week" }).click();
  await drawer.getByRole("textbox", { name: "Monthly (months)" }).fill("12");
  await expect(drawer.getByText("one per month for 12 months")).toBeVisible();
  await expectAccessible(app, "settings of backups");
  await drawer.getByRole("button", { name: "Save and preview deletions…" }).click();
  await expect(app.getByText("These rules keep every backup.")).toBeVisible();
  await expect(app.getByRole("table", { name: "Backups to delete and to keep" })).toContainText("keep: ");
  await app.getByRole("dialog").last().getByRole("button", { name: "Cancel" }).click();
  await drawer.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Backup settings saved")).toBeVisible();
  await expect(app.getByText("next, every day at 04:30")).toBeVisible();
  await app.reload();
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  await expect(drawer.getByLabel("Take a backup: time")).toHaveValue("04:30");
  await expect(drawer.getByRole("textbox", { name: "Monthly (months)" })).toHaveValue("12");
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
  await expectAccessible(app, "plan of a restore");
  await dialog.getByRole("textbox", { name: /^Type .+ to continue$/ }).fill("something else");
  await expect(restore).toBeDisabled();
  const label = await dialog.getByText(/^Type .+ to continue$/).textContent();
  const name = /^Type (.+) to continue/.exec(label ?? "")?.[1] ?? "";
  await dialog.getByRole("textbox", { name: /^Type .+ to continue$/ }).fill(name);
  await restore.click();
  await expect(dialog.getByText("361 records restored in careers.")).toBeVisible({ timeout: 60_000 });
});

test("axe finds nothing serious on the pages of backups", async ({ app }) => {
  await goTo(app, "Backups");
  await expect(app.getByText("No backups yet")).toBeVisible();
  await expectAccessible(app, "no backups");
  await backUp(app);
  await expect(listed(app)).toHaveCount(1);
  await expectAccessible(app, "backups");
  await listed(app).first().getByRole("button", { name: "just now" }).click();
  await expect(app.getByRole("table", { name: "Collections of the backup" })).toBeVisible();
  await expectAccessible(app, "a backup");
  await app.getByText("Browse", { exact: true }).click();
  await expect(app.getByText("unchanged").first()).toBeVisible();
  await expectAccessible(app, "inside a backup");
});

test("a backup that is locked asks for its passphrase, twice when it is new, and once more after the page was reloaded", async ({
  app,
}) => {
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  await app.getByRole("radio", { name: "A passphrase" }).check();
  await app.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Backup settings saved")).toBeVisible();
  const dialog = app.getByRole("dialog");
  await expect(dialog).toBeHidden();

  await app.getByRole("button", { name: "Back up now" }).first().click();
  await expect(dialog).toContainText("Encrypt the new backup");
  await dialog.getByRole("textbox", { name: "Passphrase", exact: true }).fill("winter is long");
  await dialog.getByRole("textbox", { name: "Repeat the passphrase" }).fill("winter is short");
  await expect(dialog.getByRole("button", { name: "Back up" })).toBeDisabled();
  await dialog.getByRole("textbox", { name: "Repeat the passphrase" }).fill("winter is long");
  await dialog.getByRole("button", { name: "Back up" }).click();
  await expect(toast(app, /Backup taken: 361 records/)).toBeVisible({ timeout: 60_000 });
  await expect(listed(app).getByRole("img", { name: "encrypted" })).toBeVisible();

  await app.reload();
  await listed(app).first().getByRole("button", { name: "Actions for this backup" }).click();
  await app.getByRole("menuitem", { name: "Read and check the whole file" }).click();
  const box = dialog.getByRole("textbox", { name: "Passphrase or key" });
  await box.fill("summer is long");
  await dialog.getByRole("button", { name: "Open the backup" }).click();
  await expect(dialog).toContainText("This passphrase or key does not open the backup.", { timeout: 60_000 });
  await box.fill("winter is long");
  await dialog.getByRole("button", { name: "Open the backup" }).click();
  await expect(listed(app).first()).toContainText("file checked just now", { timeout: 60_000 });
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
  await expect(dialog.getByText("Nothing to restore: the data already matches this backup.")).toBeVisible();
  await dialog.getByRole("button", { name: "Back" }).click();
  await dialog.getByRole("textbox", { name: "Name for careers" }).fill("careers_then");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await expect(
    dialog.getByRole("table", { name: "Plan of the restore" }).getByRole("row").nth(1),
  ).toContainText("careers as careers_then new361");
  await dialog.getByRole("button", { name: "Restore 1 collection", exact: true }).click();
  await expect(dialog.getByText("361 records restored in careers_then.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Open the records" }).click();
  await expect(app.getByRole("banner").getByText("careers_then")).toBeVisible();
});

/** Another program wrote: what the page knew a moment ago must not count. */
async function toBackups(app: Page): Promise<void> {
  await app.reload();
  await goTo(app, "Backups");
}

/** Begins a restore on the page and kills the server while records are loaded; comes back to the page of backups. */
async function killedInItsMiddle(app: Page, steward: Server): Promise<Locator> {
  const records = Array.from({ length: 25_000 }, (_, n) => career(`r-${String(n).padStart(5, "0")}`));
  steward.cli("import", writeRecords(steward, "large.json", records));
  steward.cli("backup", "create");
  steward.cli("records", "set", "r-00001", "title=Changed since");
  await toBackups(app);
  await listed(app).first().getByRole("button", { name: "Actions for this backup" }).click();
  await app.getByRole("menuitem", { name: "Restore…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await dialog.getByRole("button", { name: /^Restore 1 collection/ }).click({ timeout: 90_000 });
  await steward.haltWhen(() => stateOfRestore(steward) === "loading");
  await steward.restart("SIGKILL");

  await app.goto("about:blank");
  await app.goto(steward.url);
  await goTo(app, "Backups");
  const alert = app.getByRole("alert").filter({ hasText: "A restore was interrupted" });
  // The page asks again by itself until it is known that nobody goes on with it.
  await expect(alert).toBeVisible({ timeout: 60_000 });
  await expect(alert).toContainText("The restore of careers, started");
  return alert;
}

function stateOfRestore(steward: Server): string | undefined {
  return JSON.parse(steward.cli("--json", "restores", "list")).restores[0]?.restore.state;
}

test("a killed restore stands on top of the page, with both ways on, and is cleaned up", async ({
  app,
  steward,
}) => {
  const alert = await killedInItsMiddle(app, steward);
  await expect(alert.getByRole("button", { name: "Continue" })).toBeEnabled();
  await expect(app.getByRole("link", { name: /Backups.*1 restore was interrupted/ })).toBeVisible();
  await expect(app.getByRole("table", { name: "Restores" })).toContainText("interrupted");
  await expectAccessible(app, "a restore that was cut off");
  await alert.getByRole("button", { name: "Clean up" }).click();
  await expect(alert).toBeHidden({ timeout: 60_000 });
  expect(stateOfRestore(steward)).toBe("cancelled");
  expect(steward.cli("records", "get", "r-00001")).toContain("Changed since");
});

test("a killed restore goes on to its end, and can be undone then", async ({ app, steward }) => {
  const alert = await killedInItsMiddle(app, steward);
  await alert.getByRole("button", { name: "Continue" }).click();
  await expect(toast(app, "25,361 records restored in careers.")).toBeVisible({ timeout: 60_000 });
  await expect(alert).toBeHidden();
  expect(stateOfRestore(steward)).toBe("done");
  expect(steward.cli("records", "get", "r-00001")).toContain("Keepers of the r-00001");
  await app.getByRole("table", { name: "Restores" }).getByRole("button", { name: "Undo…" }).click();
  await app.getByRole("dialog").getByRole("button", { name: "Undo, restoring 25,361 records" }).click();
  await expect(toast(app, "Restore undone")).toBeVisible({ timeout: 60_000 });
  expect(steward.cli("records", "get", "r-00001")).toContain("Changed since");
});

test("a recovery drill verifies the newest backup and leaves a dated report", async ({ app, steward }) => {
  steward.cli("backup", "create");
  await toBackups(app);
  const [name, report] = await downloadBy(app, () =>
    app.getByRole("button", { name: "Recovery drill" }).click(),
  );
  expect(name).toMatch(/^recovery-drill-\d{4}-\d{2}-\d{2}\.md$/);
  await expect(toast(app, `The report is saved as ${name}.`)).toBeVisible();
  expect(report).toContain("# Recovery drill");
  expect(report).toContain("| Outcome | passed |");
  expect(report).toMatch(/\| careers \| 361 \| careers@[\d.]+ \| 0 \|/);
  await expect(listed(app).first()).toContainText("verified just now");
});

test("what the rules of retention remove is shown, and goes", async ({ app, steward }) => {
  for (let taken = 0; taken < 3; taken += 1) steward.cli("backup", "create");
  await toBackups(app);
  await expect(listed(app)).toHaveCount(3);
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  const drawer = app.getByRole("dialog", { name: "Backup settings" });
  for (const box of await drawer
    .getByRole("textbox", { name: /^(All backups for|Daily|Weekly|Monthly|Yearly)/ })
    .all())
    await box.fill("");
  await drawer.getByRole("textbox", { name: "Newest (number)" }).fill("1");
  await drawer.getByRole("button", { name: "Save and preview deletions…" }).click();
  const dialog = app.getByRole("dialog", { name: "Delete backups by these rules?" });
  await expect(dialog.getByRole("row").filter({ hasText: /delete$/ })).toHaveCount(2);
  await expect(dialog.getByRole("row").filter({ hasText: "keep: " })).toHaveCount(1);
  await dialog.getByRole("button", { name: "Delete 2 backups now" }).click();
  await expect(toast(app, /^2 backups deleted, .+ freed\./)).toBeVisible();
  await expect(dialog).toBeHidden();
  await drawer.getByRole("button", { name: "Cancel" }).click();
  await expect(listed(app)).toHaveCount(1);
  expect(JSON.parse(steward.cli("--json", "backup", "list")).backups).toHaveLength(1);
});

test("what a restore archived is deleted for good", async ({ app, steward }) => {
  steward.cli("backup", "create");
  steward.cli("records", "set", "11-1011.00", "title=Changed since");
  await toBackups(app);
  await listed(app).first().getByRole("button", { name: "Actions for this backup" }).click();
  await app.getByRole("menuitem", { name: "Restore…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" }).click();
  await expect(dialog.getByText("361 records restored in careers.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Close" }).last().click();
  const restores = app.getByRole("table", { name: "Restores" });
  await restores.getByRole("button", { name: "Delete undo data…" }).click();
  await dialog.getByRole("button", { name: "Delete 361 records" }).click();
  await expect(toast(app, "361 records deleted")).toBeVisible();
  await expect(restores).toContainText("undo data deleted");
  await expect(restores.getByRole("button", { name: "Undo…" })).toHaveCount(0);
  await goTo(app, "History");
  await app.getByRole("button", { name: /^Restored from the backup/ }).click();
  const panel = app.getByRole("complementary", { name: "Change" });
  await expect(panel.getByRole("button", { name: "Undo this change" })).toHaveCount(0);
  await panel.getByRole("button", { name: "Open the restores" }).click();
  await expect(restores).toBeVisible();
});
