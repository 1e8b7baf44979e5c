import { cellOf, expect, expectAccessible, grid, test } from "./kit";

const key = "11-1011.00";

test("letters are shortcuts until somebody enters values", async ({ app }) => {
  await cellOf(app, key, "title").click();
  await app.keyboard.press("f");
  await expect(app.getByRole("region", { name: "Filter" })).toBeVisible();
  await app.keyboard.press("f");
  await expect(cellOf(app, key, "title")).toHaveText("Chief Executives");

  await cellOf(app, key, "title").click();
  await app.keyboard.press("Enter");
  await app.keyboard.press("Control+a");
  await app.keyboard.type("Chief Stewards");
  await app.keyboard.press("Enter");
  await expect(cellOf(app, key, "title")).toHaveText("Chief Stewards");
  // The next cell takes what is typed, until Escape.
  await app.keyboard.type("Typed over");
  await app.keyboard.press("Enter");
  await expect(cellOf(app, "11-1021.00", "title")).toHaveText("Typed over");
  await app.keyboard.press("Escape");
  await app.keyboard.press("f");
  await expect(app.getByRole("region", { name: "Filter" })).toBeVisible();
});

test("the focus goes into a record and back, and F6 walks the window", async ({ app }) => {
  await cellOf(app, key, "title").click();
  await app.keyboard.press("Control+Enter");
  const panel = app.getByRole("complementary", { name: `Record ${key}` });
  await expect(panel).toBeFocused();
  await panel.getByRole("textbox", { name: "Title", exact: true }).fill("Half a thou");
  await app.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(grid(app)).toBeFocused();
  await expect(app.getByRole("button", { name: "1 record not saved" })).toBeVisible();

  await app.keyboard.press("F6");
  await expect(app.getByRole("contentinfo").locator(":focus")).toBeVisible();
  await app.keyboard.press("F6");
  await expect(app.getByRole("button", { name: "Workspace careers" })).toBeFocused();
  await app.keyboard.press("F6");
  await expect(app.getByRole("navigation", { name: "Pages" }).locator(":focus")).toBeVisible();
  await app.keyboard.press("F6");
  await expect(grid(app)).toBeFocused();
  await app.keyboard.press("Shift+F6");
  await expect(app.getByRole("navigation", { name: "Pages" }).locator(":focus")).toBeVisible();
});

test("columns move and resize, and a block is ticked by keys", async ({ app }) => {
  await cellOf(app, key, "title").click();
  const header = app.getByRole("columnheader", { name: /^Title/ });
  const at = async () => Number(await header.getAttribute("aria-colindex"));
  const before = await at();
  const width = (await header.boundingBox())?.width ?? 0;
  await app.keyboard.press("Alt+ArrowRight");
  await expect.poll(at).toBe(before + 1);
  await app.keyboard.press("Alt+Shift+ArrowRight");
  await expect.poll(async () => (await header.boundingBox())?.width).toBe(width + 16);
  await app.keyboard.press("Alt+ArrowLeft");
  await expect.poll(at).toBe(before);

  await app.keyboard.press("Shift+ArrowDown");
  await app.keyboard.press("Shift+ArrowDown");
  await app.keyboard.press("Space");
  await expect(app.getByRole("toolbar", { name: "Selected records" })).toContainText("3 records selected");
  await app.keyboard.press("?");
  await expect(app.getByRole("dialog")).toContainText("Widen the column");
  await expectAccessible(app, "all keys");
});
