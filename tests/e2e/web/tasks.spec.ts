import { expect, expectAccessible, goTo, stores, test } from "./kit";

test("the settings list what runs on a schedule, and run a task at once", stores, async ({ app }) => {
  await goTo(app, "Settings");
  const panel = app
    .locator("section")
    .filter({ has: app.getByRole("heading", { name: "Scheduled tasks" }) })
    .last();
  const backup = panel.getByRole("listitem", { name: "Backup", exact: true });
  await expect(backup).toContainText("Not scheduled");
  const check = panel.getByRole("listitem", { name: "Integrity check" });
  await check.getByRole("button", { name: "Run now: Integrity check" }).click();
  await expect(check).toContainText("No damage was found.");
  await expect(check).toContainText("Next run:");
  await app.reload();
  await goTo(app, "Settings");
  await expect(check).toContainText("Succeeded just now: No damage was found.");
  await expectAccessible(app, "settings of tasks");
});
