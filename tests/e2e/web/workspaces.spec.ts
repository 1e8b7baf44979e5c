import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, expectAccessible, grid, type Page, test, toast } from "./kit";

function menu(page: Page, workspace: string) {
  return page.getByRole("button", { name: `Workspace ${workspace}` });
}

test("another workspace is chosen while this one stays open, and the menu goes back", async ({
  app,
  steward,
}) => {
  await menu(app, "careers").click();
  await app.getByRole("menuitem", { name: "Open another workspace…" }).click();
  // What the program opened by itself is on the list.
  const recent = app.getByRole("region", { name: "Recent workspaces" });
  await expect(recent).toContainText("careers");
  await expectAccessible(app, "start page over a workspace");
  await app.getByRole("button", { name: "Back to careers" }).click();
  await expect(grid(app)).toBeVisible();

  await menu(app, "careers").click();
  await app.getByRole("menuitem", { name: "Open another workspace…" }).click();
  await app.getByRole("button", { name: /Start with the sample/ }).click();
  await expect(menu(app, "sample")).toBeVisible();
  await expect(app.getByText("361 records").first()).toBeVisible({ timeout: 30_000 });

  await menu(app, "sample").click();
  await expectAccessible(app, "workspace menu");
  await app.getByRole("menuitem", { name: /^careers/ }).click();
  await expect(menu(app, "careers")).toBeVisible();
  await expect(grid(app)).toBeVisible();

  // One that cannot be opened leaves this one as it is.
  writeFileSync(join(steward.folder, "data/steward/sample.steward"), "no workspace at all");
  await menu(app, "careers").click();
  await app.getByRole("menuitem", { name: /^sample/ }).click();
  await expect(toast(app, "is not a Steward workspace").first()).toBeVisible();
  await expect(menu(app, "careers")).toBeVisible();
  await expect(grid(app)).toBeVisible();
});
