import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, expectAccessible, goTo, test, toast } from "./kit";

test("a scheduled backup that fails is shown until it is marked as seen", async ({ app, steward }) => {
  const file = join(steward.folder, "in-the-way");
  steward.cli("backup", "schedule", "--to", join(file, "backups"), "--at", "0 2 * * *");
  writeFileSync(file, "a file where a folder should be");
  await app.reload();
  await goTo(app, "Settings");
  await app.getByRole("button", { name: "Run now: Backup" }).first().click();
  const status = app.getByRole("contentinfo").getByRole("button", { name: "Backup failed" });
  await expect(status).toBeVisible();
  const rail = app.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: /^Backups/ });
  await expect(rail).toContainText("scheduled task failed");

  // It outlives a reload, and leads to the page with the reason.
  await app.reload();
  await status.click();
  const alert = app.getByRole("alert").filter({ hasText: "Backup failed" });
  await expect(alert).toBeVisible();
  await expect(alert).toContainText("Next run:");
  await expectAccessible(app, "a backup that failed");
  await alert.getByRole("button", { name: "Mark as seen" }).click();
  await expect(alert).toBeHidden();
  await expect(status).toBeHidden();
  await expect(rail).not.toContainText("failed");
});

test("a schedule that would need a passphrase nobody can type is refused", async ({ app }) => {
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  const drawer = app.getByRole("dialog");
  await drawer.getByRole("combobox", { name: "Take a backup" }).click();
  await app.getByRole("option", { name: "Every day" }).first().click();
  await drawer.getByRole("radio", { name: "A passphrase" }).check();
  await drawer.getByRole("button", { name: "Save", exact: true }).click();
  await expect(drawer.getByText("Scheduled backups need the passphrase")).toBeVisible();
  await expect(drawer.getByText(/STEWARD_BACKUP_PASSPHRASE for Steward/)).toBeVisible();
  await expect(toast(app, "Backup settings saved.")).toBeHidden();
  await expectAccessible(app, "settings of backups that are refused", ".mantine-Drawer-content");
});

test("a passphrase is asked for once in a session", async ({ app }) => {
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Settings", exact: true }).click();
  const drawer = app.getByRole("dialog");
  await drawer.getByRole("radio", { name: "A passphrase" }).check();
  await drawer.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Backup settings saved.")).toBeVisible();
  await app.getByRole("button", { name: "Back up now" }).first().click();
  const dialog = app.getByRole("dialog", { name: "Encrypt the new backup" });
  await dialog.getByRole("textbox", { name: "Passphrase", exact: true }).fill("many words");
  await dialog.getByRole("textbox", { name: "Repeat the passphrase" }).fill("many words");
  await dialog.getByRole("button", { name: "Back up" }).click();
  await expect(toast(app, /Backup taken: /)).toHaveCount(1);
  // A further backup, and opening the first one, ask for nothing.
  await app.getByRole("button", { name: "Recovery drill" }).click();
  await expect(toast(app, /verified|drill|restored/i).first()).toBeVisible();
  await expect(app.getByRole("dialog", { name: "This backup is encrypted" })).toBeHidden();
});
