import { expect, expectAccessible, type Page, test } from "./kit";

async function choose(page: Page, label: string, option: string) {
  const panel = page.getByRole("region", { name: "Filter" });
  await panel.getByRole("combobox", { name: label, exact: true }).last().click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

test("a filter is built step by step: what is not finished does not count, and what is wrong says so", async ({
  app,
}) => {
  await app.keyboard.press("f");
  const panel = app.getByRole("region", { name: "Filter" });
  await panel.getByRole("button", { name: "Condition", exact: true }).click();
  await expect(panel.getByRole("combobox", { name: "Field" })).toBeVisible();
  await expect(app.getByText("361 records").first()).toBeVisible();
  await choose(app, "Field", "Average salary");
  // Numbers are compared; they do not contain anything.
  await panel.getByRole("combobox", { name: "Operator" }).click();
  await expect(app.getByRole("option", { name: "contains", exact: true })).toBeHidden();
  await app.getByRole("option", { name: "is more than", exact: true }).click();
  await expect(app.getByText("361 records").first()).toBeVisible();
  const value = panel.getByRole("textbox", { name: "Value" });
  await value.fill("200k");
  await value.press("Enter");
  await expect(panel.getByText('"200k" is not a number.')).toBeVisible();
  await expect(app.getByText("361 records").first()).toBeVisible();
  await expectAccessible(app, "filter with an error");
  await value.fill("200,000");
  await value.press("Enter");
  await expect(app.getByText(/^\d+ of 361 records$/)).toBeVisible();
  await expect(panel.getByText("is not a number")).toBeHidden();
  const before = await app.getByText(/^\d+ of 361 records$/).textContent();

  // A second condition changes nothing until it has its value, which is chosen from those that there are.
  await panel.getByRole("button", { name: "Condition", exact: true }).click();
  await choose(app, "Field", "Education level");
  await expect(app.getByText(/^\d+ of 361 records$/)).toHaveText(before ?? "");
  await choose(app, "Value", "PhD");
  await expect(app.getByText(/^\d+ of 361 records$/)).not.toHaveText(before ?? "");

  await panel.getByText("Write", { exact: true }).click();
  await expect(panel.getByRole("textbox", { name: "Filter as text" })).toHaveValue(/average_salary > 200000/);
  await panel.getByText("Choose", { exact: true }).click();
  await expect(panel.getByRole("combobox", { name: "Field" })).toHaveCount(2);
});
