import { expect, grid, startServer, stores, test } from "./kit";

test("a workspace of MongoDB is connected to, opened, and says what it is", stores, async ({ page }) => {
  const database = await startServer({ store: "mongodb" });
  const server = await startServer({ store: "file", empty: true });
  try {
    await page.goto(server.url);
    await page.getByRole("button", { name: /Connect to MongoDB/ }).click();
    await page.getByRole("textbox", { name: "Address" }).fill(database.workspace ?? "");
    await page.getByRole("button", { name: "Test the connection" }).click();
    await page.getByRole("button", { name: "Open the workspace" }).click({ timeout: 30_000 });
    await expect(grid(page)).toBeVisible({ timeout: 30_000 });
    await expect(page.getByText("MongoDB", { exact: true })).toBeVisible();
    await expect(page.getByText("361 records").first()).toBeVisible();
  } finally {
    await server.stop();
    await database.stop();
  }
});
