import { expect, expectAccessible, goTo, stores, test } from "./kit";

test(
  "the settings show what a workspace takes, keep less for undo and compact it",
  stores,
  async ({ app }) => {
    await goTo(app, "Settings");
    const panel = app
      .locator("section")
      .filter({ has: app.getByRole("heading", { name: "Storage" }) })
      .last();
    await expect(panel.getByText(/\d+(\.\d+)? (kB|MB|KB|MiB|KiB)/)).toBeVisible();
    const days = panel.getByLabel("Imports can be undone for (days)");
    await expect(days).toHaveValue("30");
    await expect(panel.getByLabel("Records kept for undo, at most")).toHaveValue("2,000,000");
    const save = panel.getByRole("button", { name: "Save" });
    await expect(save).toBeDisabled();
    await days.fill("10");
    await save.click();
    const dialog = app.getByRole("dialog", { name: "Keep less for undoing imports?" });
    await expect(dialog).toContainText("can no longer be undone");
    await dialog.getByRole("button", { name: "Keep less" }).click();
    await expect(dialog).toBeHidden();
    await app.reload();
    await goTo(app, "Settings");
    await expect(days).toHaveValue("10");
    await panel.getByRole("button", { name: "Compact" }).click();
    await expect(app.getByText(/freed on disk|no space to free/)).toBeVisible();
    await expectAccessible(app, "settings of space");
  },
);
