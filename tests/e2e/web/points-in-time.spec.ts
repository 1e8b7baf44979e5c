/** Any point in time between two backups can be restored: picked on the page, planned, restored, undone. */

import { cellOf, expect, expectAccessible, goTo, test, toast } from "./kit";

/** The next whole second, once it has passed. */
async function secondBetween(): Promise<number> {
  const at = Math.ceil((Date.now() + 50) / 1000) * 1000;
  while (Date.now() <= at + 50) await new Promise((done) => setTimeout(done, 50));
  return at;
}

/** As the field takes it; the page lives in UTC. */
function local(at: number): string {
  return new Date(at).toISOString().slice(0, 19);
}

test("a point in time between two edits is restored, and the restore is undone", async ({ app, steward }) => {
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Settings", exact: true }).first().click();
  const drawer = app.getByRole("dialog", { name: "Backup settings" });
  await drawer.getByRole("textbox", { name: "Increment every (minutes)" }).fill("5");
  await drawer.getByRole("button", { name: "Save", exact: true }).click();
  await expect(toast(app, "Backup settings saved.")).toBeVisible();
  await expect(app.getByText("Scheduled every 5 minutes")).toBeVisible();

  const take = app.getByRole("button", { name: "Take an increment" });
  await take.click();
  const axis = app.getByRole("slider", { name: "Point on the timeline" });
  await expect(axis).toBeVisible({ timeout: 30_000 });
  steward.cli("records", "set", "11-1011.00", "title=The good title");
  const moment = await secondBetween();
  steward.cli("records", "set", "11-1011.00", "title=The mistake");
  await expect(take).toBeEnabled();
  await take.click();
  await expect(toast(app, "Increment taken: 2 changes.")).toBeVisible({ timeout: 30_000 });
  await app.mouse.move(0, 0);
  await expectAccessible(app, "the page with points in time");

  // The keyboard moves along what can be reached; the field takes the second.
  await axis.press("Home");
  const field = app.getByLabel("Point in time", { exact: true });
  await field.fill("2001-01-01T10:00:00");
  await expect(app.getByText("This point in time cannot be restored.")).toBeVisible();
  await expect(app.getByRole("button", { name: "Restore to this point in time…" })).toBeDisabled();
  await field.fill(local(moment));
  await app.getByRole("button", { name: "Restore to this point in time…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await expect(dialog.getByRole("deletion").first()).toHaveText("The mistake", { timeout: 30_000 });
  await dialog.getByRole("button", { name: "Restore 1 collection, replacing 1 record" }).click();
  await expect(dialog.getByText("361 records restored in careers.")).toBeVisible({ timeout: 60_000 });
  await dialog.getByRole("button", { name: "Open the records" }).click();
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("The good title");

  await goTo(app, "Backups");
  await app.getByRole("table", { name: "Restores" }).getByRole("button", { name: "Undo…" }).click();
  await dialog.getByRole("button", { name: "Undo, restoring 361 records" }).click();
  await expect(toast(app, "Restore undone")).toBeVisible({ timeout: 60_000 });
  await goTo(app, "Records");
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("The mistake");
});
