import { career, chooseFiles, expect, goTo, type Page, test, toast, writeRecords } from "./kit";

/** Marks the workspace; answers its name. */
async function markProduction(page: Page): Promise<string> {
  await goTo(page, "Settings");
  const mark = page.getByRole("switch", { name: "This is a production workspace" });
  await mark.click();
  await expect(mark).toBeChecked();
  await expect(page.getByRole("banner").getByText("production")).toBeVisible();
  const name = page.locator("dt", { hasText: /^Name$/ }).locator("xpath=following-sibling::dd[1]");
  return (await name.textContent()) ?? "";
}

test("in production, records are deleted only by who types the workspace's name", async ({ app }) => {
  const name = await markProduction(app);
  await goTo(app, "Records");
  await app.getByRole("checkbox", { name: "Select row 1", exact: true }).check();
  await app
    .getByRole("toolbar", { name: "Selected records" })
    .getByRole("button", { name: "Delete" })
    .click();
  const dialog = app.getByRole("dialog");
  const remove = dialog.getByRole("button", { name: "Delete 1 record" });
  const box = dialog.getByRole("textbox", { name: `Type ${name} to continue` });
  await expect(remove).toBeDisabled();
  await box.fill(`${name}x`);
  await expect(remove).toBeDisabled();
  await box.press("Enter");
  await expect(dialog).toBeVisible();
  await box.fill(name);
  await remove.click();
  await expect(dialog).toBeHidden();
  await expect(app.getByText("360 records").first()).toBeVisible();
});

test("in production, a collection is replaced only by who types the workspace's name", async ({
  app,
  steward,
}) => {
  const name = await markProduction(app);
  const file = writeRecords(steward, "all.json", [career("new-1")]);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("radio", { name: "Replace everything" }).check();
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Replace and remove 361 records…" }).click();
  const dialog = app.getByRole("dialog");
  const replace = dialog.getByRole("button", { name: "Replace and remove 361 records" });
  await expect(replace).toBeDisabled();
  await dialog.getByRole("textbox", { name: `Type ${name} to continue` }).fill(name);
  await replace.click();
  await expect(toast(app, "Import finished")).toBeVisible();
  await goTo(app, "Records");
  await expect(app.getByText("1 record", { exact: true }).first()).toBeVisible();
});
