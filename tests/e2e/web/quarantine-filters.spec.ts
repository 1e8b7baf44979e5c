import { expect, expectAccessible, goTo, test } from "./kit";

test("counts follow the filter, whose conditions are chips", async ({ app }) => {
  await goTo(app, "Quarantine");
  const groups = app.getByRole("complementary", { name: "Problems" });
  const rows = app.getByRole("list", { name: "Quarantined rows" }).getByRole("listitem");
  const chips = app.getByRole("region", { name: "Filter" });
  await expect(rows).toHaveCount(24);
  const problem = groups.getByRole("button", { name: /^Average salary contains placeholder content 7$/ });
  await problem.click();
  await expect(rows).toHaveCount(7);
  await expect(chips).toContainText("Average salary contains placeholder content");
  // Where else these seven rows could be narrowed to: what is counted is what a click shows.
  const file = groups.getByRole("button", { name: /^new_career_data\.json/ });
  await expect(file).toHaveText(/7$/);
  await expect(app.getByText("Waiting 7")).toBeVisible();
  await expect(groups.getByRole("button", { name: /^All waiting rows 24$/ })).toBeVisible();
  await file.click();
  await expect(rows).toHaveCount(7);
  await expectAccessible(app, "quarantine with a filter");
  const other = groups.getByRole("button", { name: /^Title contains placeholder content 12$/ });
  await other.click();
  await expect(rows).toHaveCount(12);

  await chips.getByRole("button", { name: "Remove new_career_data.json" }).click();
  await expect(chips).not.toContainText("new_career_data.json");
  await chips.getByRole("button", { name: "Remove Title contains placeholder content" }).click();
  await expect(rows).toHaveCount(24);
  await expect(chips).toBeHidden();
});
