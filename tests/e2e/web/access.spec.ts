import { career, cellOf, expect, expectAccessible, goTo, grid, test, writeRecords } from "./kit";

test("axe finds nothing serious on any page", async ({ app, steward }) => {
  steward.cli("import", writeRecords(steward, "bad.json", [career("bad-1", { average_salary: 0 })]));
  await expectAccessible(app, "records");
  await app.getByRole("button", { name: "Facets", exact: true }).click();
  await app.getByRole("button", { name: "Filter", exact: true }).click();
  await app.getByText("11-1011.00", { exact: true }).click();
  await app.keyboard.press("Control+Enter");
  await expect(app.getByRole("complementary", { name: /Record 11/ })).toBeVisible();
  await expectAccessible(app, "record panel");
  await goTo(app, "Imports");
  await expect(app.getByRole("row").nth(1)).toBeVisible();
  await expectAccessible(app, "imports");
  await goTo(app, "Quarantine");
  await app.getByText("Keepers of the bad-1").click();
  await expect(app.getByRole("complementary", { name: "Quarantined row" })).toContainText("Average salary");
  await expectAccessible(app, "quarantine");
  await goTo(app, "Schemas");
  await app.getByRole("link", { name: "1.0.0", exact: true }).first().click();
  await expect(app.getByRole("table")).toBeVisible();
  await expectAccessible(app, "schema");
  await goTo(app, "Quality");
  await app.getByRole("button", { name: "Measure now" }).first().click();
  await expect(app.getByRole("heading", { name: "Completeness", exact: true })).toBeVisible({
    timeout: 20_000,
  });
  await expectAccessible(app, "quality");
  await goTo(app, "History");
  await app.getByRole("row").nth(1).click();
  await expectAccessible(app, "history");
  await goTo(app, "Settings");
  await expectAccessible(app, "settings");
  await app.keyboard.press("Control+k");
  await expect(app.getByRole("combobox", { name: "Search everything" })).toBeFocused();
  await expectAccessible(app, "palette");
});

test("everything by keyboard: go, find, open, edit, save, undo", async ({ app }) => {
  await app.keyboard.press("g");
  await app.keyboard.press("h");
  await expect(app.getByRole("heading", { level: 1, name: "History" })).toBeVisible();
  await app.keyboard.press("Control+k");
  await expect(app.getByRole("combobox", { name: "Search everything" })).toBeFocused();
  await app.keyboard.type("Registered Nurses");
  await expect(app.getByRole("option", { name: /Registered Nurses/ }).first()).toBeVisible();
  await app.keyboard.press("Enter");
  const panel = app.getByRole("complementary", { name: /Record 29-1141.00/ });
  await expect(panel).toBeVisible();
  await app.keyboard.press("Escape");
  await expect(panel).toBeHidden();

  await app.keyboard.press("/");
  await app.keyboard.type("Chief Executives");
  await expect(app.getByText(/of 361 records/)).toBeVisible();
  await app.keyboard.press("Tab");
  await grid(app).focus();
  await app.keyboard.press("ArrowRight");
  await app.keyboard.press("Enter");
  await expect(app.getByRole("textbox", { name: "Edit Title" })).toBeFocused();
  await app.keyboard.type("Keyboard Executives");
  await app.keyboard.press("Tab");
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Keyboard Executives");
  await app.keyboard.press("Control+z");
  await expect(cellOf(app, "11-1011.00", "title")).toHaveText("Chief Executives");
  await app.keyboard.press("Escape");
});

test("? lists the shortcuts, and the theme is a command", async ({ app }) => {
  await app.getByRole("heading", { level: 1 }).click();
  await app.keyboard.press("?");
  await expect(app.getByRole("dialog")).toContainText("Fill down");
  await app.keyboard.press("Escape");
  await expect(app.getByRole("dialog")).toBeHidden();
  await app.keyboard.press("Control+k");
  await app.keyboard.type("dark theme");
  await app.keyboard.press("Enter");
  await expect(app.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await app.reload();
  await expect(app.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
});
