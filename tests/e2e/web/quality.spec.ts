import { cellOf, downloadBy, expect, goTo, grid, test } from "./kit";

test("a figure of the strip opens the records that fail it", async ({ app, steward }) => {
  steward.cli("records", "set", "11-1011.00", "soc_code=wrong", "--allow-invalid");
  const strip = app.getByRole("region", { name: "Quality of this collection" });
  await strip.getByRole("button", { name: "Measure" }).click();
  const adherence = strip.getByRole("button", { name: /Adherence/ });
  await expect(adherence).toContainText("1 fails", { timeout: 20_000 });
  await adherence.click();
  await expect(app.getByText("1 of 361 records")).toBeVisible();
  await expect(cellOf(app, "11-1011.00", "title")).toBeVisible();
  await expect(grid(app)).toHaveAttribute("aria-rowcount", "2");
  await app.getByRole("button", { name: "Export" }).click();
  const [, lines] = await downloadBy(app, () => app.getByRole("menuitem", { name: /^NDJSON/ }).click());
  expect(lines.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(lines)).toMatchObject({ career_id: "11-1011.00", soc_code: "wrong" });
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Nurses");
  await expect(app.getByText("The search by index finds no record that fails this metric")).toBeVisible();
});

test("the page of figures opens records where a field is blank", async ({ app, steward }) => {
  steward.cli("records", "set", "11-1011.00", "--unset", "soc_code");
  await goTo(app, "Quality");
  await app
    .getByRole("button", { name: /Measure now/ })
    .first()
    .click();
  await app.getByRole("button", { name: /^SOC code 99.7% 1 blank/ }).click({ timeout: 20_000 });
  await expect(app.getByText("SOC code is blank")).toBeVisible();
  await expect(app.getByText("1 of 361 records")).toBeVisible();
});

test("the history is listed, verified, and takes a change back", async ({ app }) => {
  const cell = cellOf(app, "11-1011.00", "title");
  await cell.dblclick();
  await app.keyboard.type("Changed");
  await app.keyboard.press("Control+a");
  await app.keyboard.type("Chief Stewards");
  await app.keyboard.press("Enter");
  await expect(cell).toHaveText("Chief Stewards");
  await goTo(app, "History");
  await app.getByRole("button", { name: "Verify the chain" }).click();
  await expect(app.getByText(/verified, unbroken/)).toBeVisible();
  await app.getByRole("row").nth(1).click();
  const panel = app.getByRole("complementary", { name: "Change" });
  await expect(panel.getByRole("deletion").first()).toHaveText("Chief Executives");
  await panel.getByRole("button", { name: "Undo this change" }).click();
  await goTo(app, "Records");
  await expect(cell).toHaveText("Chief Executives");
});
