import { cellOf, expect, expectAccessible, grid, type Page, stores, test } from "./kit";

const key = "11-1011.00";

function panel(page: Page) {
  return page.getByRole("complementary", { name: `Record ${key}` });
}

function title(page: Page) {
  return panel(page).getByRole("textbox", { name: "Title", exact: true });
}

async function openRecord(page: Page) {
  await grid(page).getByText(key, { exact: true }).click();
  await page.keyboard.press("Control+Enter");
  await expect(panel(page)).toBeVisible();
}

function unsaved(page: Page) {
  return page.getByRole("button", { name: /not saved/ });
}

test("what was typed survives a reload, is marked, counted and can be discarded", async ({ app }) => {
  await openRecord(app);
  await title(app).fill("Chief Stewards");
  await expect(unsaved(app)).toHaveText("1 record not saved");
  await panel(app).getByRole("button", { name: "Close the record" }).click();
  await expect(panel(app)).toBeHidden();
  await app.reload();
  await expect(unsaved(app)).toHaveText("1 record not saved");
  const row = grid(app).getByRole("row").filter({ hasText: key });
  await expect(row.getByTitle("Has changes that are not saved")).toBeVisible();
  await expect(cellOf(app, key, "title")).toHaveText("Chief Executives");

  await unsaved(app).click();
  const list = app.getByRole("dialog", { name: "Not saved yet" });
  await expectAccessible(app, "drafts");
  await list.getByRole("button", { name: "Chief Executives", exact: true }).click();
  await expect(title(app)).toHaveValue("Chief Stewards");
  await app.keyboard.press("Control+s");
  await expect(cellOf(app, key, "title")).toHaveText("Chief Stewards");
  await expect(unsaved(app)).toBeHidden();

  await title(app).fill("Once more");
  await unsaved(app).click();
  await list.getByRole("button", { name: "Discard Chief Stewards" }).click();
  await expect(list).toContainText("Everything is saved");
  await app.keyboard.press("Escape");
  await expect(title(app)).toHaveValue("Chief Stewards");
});

test("a new record is kept until it is added or discarded", async ({ app }) => {
  await app.getByRole("button", { name: "Add", exact: true }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Title", exact: true }).fill("Stewards of records");
  await app.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await app.reload();
  await unsaved(app).click();
  await app.getByRole("button", { name: "New record in careers", exact: true }).click();
  const form = app.getByRole("dialog", { name: /Add a record/ });
  await expect(form.getByRole("textbox", { name: "Title", exact: true })).toHaveValue("Stewards of records");
  await form.getByRole("button", { name: "Discard" }).click();
  await expect(unsaved(app)).toBeHidden();
});

test(
  "a draft whose record was changed meanwhile is compared field by field",
  stores,
  async ({ app, steward }) => {
    await openRecord(app);
    await title(app).fill("Mine");
    await panel(app).getByRole("textbox", { name: "Average salary" }).fill("111");
    steward.cli("records", "set", key, 'title="Theirs of the office"');
    await expect(panel(app)).toContainText("This record was changed in the meantime");
    await panel(app).getByRole("button", { name: "Compare 1 field…" }).click();
    const dialog = app.getByRole("dialog");
    await expect(dialog).toContainText("Chief Executives");
    await dialog.getByRole("radio", { name: "Keep theirs for Title" }).check();
    await dialog.getByRole("button", { name: "Use these choices" }).click();
    await expect(title(app)).toHaveValue("Theirs of the office");
    await expect(panel(app)).toContainText("1 unsaved change");
  },
);

test("typing goes on while a save runs, and nothing of it is lost", async ({ app }) => {
  await openRecord(app);
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await app.route(/records\.edit/, async (route) => {
    await held;
    await route.continue();
  });
  await title(app).fill("Saved title");
  await app.keyboard.press("Control+s");
  await title(app).fill("Saved title and more");
  release();
  await expect(cellOf(app, key, "title")).toHaveText("Saved title");
  await expect(title(app)).toHaveValue("Saved title and more");
  await expect(panel(app)).toContainText("1 unsaved change");
  await app.keyboard.press("Control+s");
  await expect(cellOf(app, key, "title")).toHaveText("Saved title and more");
});

test("a save that goes through does not close the question of the one before", async ({ app, steward }) => {
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await app.route(/records\.edit/, async (route) => {
    await held;
    await route.continue();
  });
  const edit = async (column: string, label: string, text: string) => {
    await cellOf(app, key, column).dblclick();
    await app.getByRole("textbox", { name: `Edit ${label}` }).fill(text);
    await app.keyboard.press("Enter");
  };
  await edit("title", "Title", "Mine");
  await edit("average_salary", "Average salary", "111");
  steward.cli("records", "set", key, 'title="Theirs of the office"');
  release();
  const dialog = app.getByRole("dialog");
  await expect(dialog).toContainText("Theirs of the office");
  await expect(cellOf(app, key, "average_salary")).toHaveText("111");
  await dialog.getByRole("radio", { name: "Keep mine for Title" }).check();
  await dialog.getByRole("button", { name: "Save these choices" }).click();
  await expect(dialog).toBeHidden();
  await expect(cellOf(app, key, "title")).toHaveText("Mine");
});
