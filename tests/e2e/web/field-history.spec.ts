import { expect, expectAccessible, stores, test } from "./kit";

test(
  "the history says since when each field has its value, and reverts one field alone",
  stores,
  async ({ app, steward }) => {
    const set = (value: string) =>
      steward.cli("records", "set", "11-1011.00", value, "--collection", "careers");
    set("average_salary=300000");
    set("industry=Top management");
    set("average_salary=310000");
    await app.getByText("11-1011.00", { exact: true }).click();
    await app.keyboard.press("Control+Enter");
    const panel = app.getByRole("complementary", { name: /Record/ });
    await panel.getByText("History", { exact: true }).click();
    const fields = panel.getByRole("region", { name: "Changed fields" });
    await expect(fields.getByRole("listitem")).toHaveCount(2);
    await expect(fields.getByRole("listitem").first()).toContainText("Average salary");
    await expect(fields.getByRole("listitem").first()).toContainText("300,000");
    // The import that made the record is its first entry.
    await expect(panel.getByRole("list").last().getByRole("listitem").last()).toContainText("import");
    await expectAccessible(app, "history of fields");

    await fields.getByRole("button", { name: "Revert Average salary" }).click();
    await expect(fields.getByRole("listitem").first()).toContainText("310,000");
    await expect
      .poll(() => steward.cli("records", "get", "11-1011.00", "--collection", "careers"))
      .toContain('"average_salary": 300000');
    expect(steward.cli("records", "get", "11-1011.00", "--collection", "careers")).toContain(
      "Top management",
    );
  },
);
