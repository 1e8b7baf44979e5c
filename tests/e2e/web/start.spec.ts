import { cellOf, expect, grid, startServer, test, toast } from "./kit";

test.describe("first start", () => {
  test("offers the sample and shows its 361 records", async ({ page }) => {
    const server = await startServer({ store: "file", empty: true });
    try {
      await page.goto(server.url);
      await expect(page.getByRole("heading", { name: "Steward" })).toBeVisible();
      await page.getByRole("button", { name: /Start with the sample/ }).click();
      await expect(grid(page)).toBeVisible({ timeout: 30_000 });
      await expect(page.getByText("361 records").first()).toBeVisible();
      await expect(page.getByText("Chief Executives", { exact: true })).toBeVisible();
      expect(page.url()).not.toContain("token=");
    } finally {
      await server.stop();
    }
  });

  test("opens the sample again as it was left, and Enter alone writes nothing", async ({ page }) => {
    const server = await startServer({ store: "file", empty: true });
    try {
      await page.goto(server.url);
      const sample = page.getByRole("button", { name: /Start with the sample/ });
      await expect(sample).toBeVisible();
      await page.keyboard.press("Enter");
      await expect(sample).toBeVisible();
      await sample.click();
      await expect(page.getByText("361 records").first()).toBeVisible({ timeout: 30_000 });
      const title = cellOf(page, "11-1011.00", "title");
      await title.dblclick();
      await page.getByRole("textbox", { name: "Edit Title" }).fill("My own title");
      await page.keyboard.press("Enter");
      await expect(toast(page, "Undo").first()).toBeVisible();

      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search everything" }).fill("Close the workspace");
      await page.keyboard.press("Enter");
      await sample.click();
      await expect(title).toHaveText("My own title");
      await expect(page.getByText("361 records").first()).toBeVisible();
      await expect(page.getByRole("button", { name: "Workspace sample" })).toBeVisible();
    } finally {
      await server.stop();
    }
  });

  test("tests a MongoDB address step by step", async ({ page }) => {
    const server = await startServer({ store: "file", empty: true });
    try {
      await page.goto(server.url);
      await page.getByRole("button", { name: /Connect to MongoDB/ }).click();
      await page.getByRole("textbox", { name: "Address" }).fill("mongodb://127.0.0.1:9/career_db");
      await page.getByRole("button", { name: "Test the connection" }).click();
      const report = page.getByRole("status").filter({ hasText: "Network" });
      await expect(report.getByText("passed").first()).toBeVisible({ timeout: 30_000 });
      await expect(report.getByText("failed")).toBeVisible();
      await expect(report.getByText("not reached").first()).toBeVisible();
      await expect(page.getByRole("button", { name: "Open the workspace" })).toBeHidden();
    } finally {
      await server.stop();
    }
  });

  test("without a token says how to come in", async ({ page }) => {
    const server = await startServer({ store: "file" });
    try {
      await page.goto(new URL("/", server.url).toString());
      await expect(page.getByRole("alert")).toContainText("token");
    } finally {
      await server.stop();
    }
  });
});
