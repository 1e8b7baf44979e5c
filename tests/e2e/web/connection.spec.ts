import { cellOf, expect, expectAccessible, goTo, grid, stores, test } from "./kit";
import { wayTo } from "./way";

test(
  "the settings tell how the connection fares, empty and with slow steps",
  stores,
  async ({ app, store }) => {
    await goTo(app, "Settings");
    const panel = app
      .locator("section")
      .filter({ has: app.getByRole("heading", { name: "Connection" }) })
      .last();
    await expect(panel.getByText("Connected", { exact: true })).toBeVisible();
    await expect(
      panel.getByText(store === "file" ? "Not needed: this workspace is a file." : /5 to 20, \d+ in use/),
    ).toBeVisible();
    await expect(panel.getByText(/No operation has taken longer than 1,000 ms/)).toBeVisible();
    await expect(panel.getByRole("button", { name: "Clear the list" })).toBeDisabled();
  },
);

test.describe("where every step counts as slow", () => {
  test.use({ environment: { STEWARD_SLOW_MS: "0" } });

  test("slow steps are listed by what they asked for, and cleared", stores, async ({ app }) => {
    await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief");
    await expect(app.getByText(/^\d{1,2} of 361 records/)).toBeVisible();
    await goTo(app, "Settings");
    const table = app.getByRole("table", { name: /longer than 0 ms/ });
    // The search may come after the page that was found without it.
    await expect(
      table.getByRole("row").filter({ hasText: "find careers" }).filter({ hasText: "words" }),
    ).toBeVisible();
    await expect(table).not.toContainText("Chief");
    await expectAccessible(app, "settings with slow steps");
    await app.getByRole("button", { name: "Clear the list" }).click();
    await expect(table.getByRole("row").filter({ hasText: "words" })).toHaveCount(0);
  });
});

test("what happened while the connection was lost is on the page when it is back", async ({
  page,
  steward,
}) => {
  const way = await wayTo(steward);
  await page.goto(way.url);
  await expect(grid(page)).toBeVisible();
  const state = page.getByRole("contentinfo").getByRole("status");
  await way.cut();
  await expect(state).toContainText("Connection lost");
  steward.cli("records", "set", "11-1011.00", "title=Changed meanwhile");
  steward.cli("records", "bulk", 'career_id = "11-1021.00"', "--delete", "--yes");
  await expect(cellOf(page, "11-1011.00", "title")).toHaveText("Chief Executives");
  await way.mend();
  await expect(cellOf(page, "11-1011.00", "title")).toHaveText("Changed meanwhile");
  await expect(page.getByText("360 records").first()).toBeVisible();
  await expect(state).not.toContainText("lost");
  await way.cut();
});

test("a machine without a network still talks to its own Steward", async ({ app }) => {
  await app.evaluate(() => window.dispatchEvent(new Event("offline")));
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief");
  await expect(app.getByText(/^\d{1,2} of 361 records/)).toBeVisible();
});

test("a page whose server was restarted keeps what was typed and says where to go", async ({
  page,
  steward,
}) => {
  const way = await wayTo(steward);
  await page.goto(way.url);
  await page.getByText("11-1011.00", { exact: true }).click();
  await page.keyboard.press("Control+Enter");
  const title = page
    .getByRole("complementary", { name: /Record/ })
    .getByRole("textbox", { name: "Title", exact: true });
  await title.fill("Not saved yet");
  await way.cut();
  await expect(page.getByRole("alert").filter({ hasText: "Steward is not responding." })).toBeVisible();
  await steward.restart("SIGTERM");
  await way.mend();
  // Another server has another token.
  const alert = page.getByRole("alert").filter({ hasText: "The token is missing or wrong." });
  await expect(alert).toContainText("Open the address that 'steward serve' printed.");
  await expect(title).toHaveValue("Not saved yet");
  await way.cut();
});
