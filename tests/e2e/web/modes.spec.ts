import {
  career,
  chooseFiles,
  expect,
  expectAccessible,
  goTo,
  stores,
  test,
  toast,
  writeRecords,
} from "./kit";

test("a collection is replaced after its plan was seen, and comes back", stores, async ({ app, steward }) => {
  const file = writeRecords(steward, "all.json", [career("new-1"), career("new-2")]);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("radio", { name: "Replace everything" }).check();
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText("will be removed")).toBeVisible();
  await app.getByRole("button", { name: "Replace and remove 361 records" }).click();
  await expect(toast(app, "Import finished")).toBeVisible();
  await goTo(app, "Records");
  await expect(app.getByText("2 records").first()).toBeVisible();
  await app.keyboard.press("Control+z");
  await expect(toast(app, "Import undone")).toBeVisible();
  await expect(app.getByText("361 records").first()).toBeVisible();
});

test("what a replacement keeps is shown, and can be given up", async ({ app, steward }) => {
  const file = writeRecords(steward, "all.json", [career("new-1")]);
  steward.cli("import", file, "--mode", "replace");
  await goTo(app, "Imports");
  await app.getByRole("button", { name: "all.json" }).click();
  await expect(app.getByText("361 records from before the import")).toBeVisible();
  await app.getByRole("button", { name: "Delete undo data…" }).click();
  await app.getByRole("button", { name: "Delete 361 records" }).click();
  await expect(toast(app, "361 records deleted")).toBeVisible();
  await expect(app.getByText(/^deleted just now$/)).toBeVisible();
  await expect(app.getByRole("button", { name: "Undo the import…" })).toHaveCount(0);
  await expect(app.getByRole("button", { name: "Delete undo data…" })).toHaveCount(0);
});

test("a person who leaves while rows are promoted is not fetched back", async ({ app, steward }) => {
  const file = writeRecords(steward, "staged.json", [career("staged-1")]);
  steward.cli("import", file, "--stage");
  await goTo(app, "Imports");
  await app.getByRole("button", { name: "staged.json" }).click();
  await app.getByRole("button", { name: /Promote to careers/ }).click();
  let release = () => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await app.route("**/api/call/imports.apply", async (route) => {
    await held;
    await route.continue();
  });
  await app.getByRole("button", { name: "Import 1 record" }).click();
  await goTo(app, "Records");
  release();
  await expect(toast(app, "Import finished")).toBeVisible();
  await expect(app.getByText("362 records").first()).toBeVisible();
  await expect(app.getByRole("heading", { level: 1, name: "Records" })).toBeVisible();
});

test("rows are staged, looked at, and promoted", stores, async ({ app, steward }) => {
  const file = writeRecords(steward, "staged.json", [
    career("staged-1"),
    career("11-1011.00", { title: "Chief Stewards" }),
  ]);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("switch", { name: "Stage first" }).check();
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText(/The rows are staged in careers\.staging/)).toBeVisible();
  await app.getByRole("button", { name: "Import 2 records" }).click();
  await app.getByRole("button", { name: /Promote to careers/ }).click();
  await expect(app.getByText("Target collection")).toBeVisible();
  await expectAccessible(app, "a staged run");
  await app.getByRole("button", { name: /Promote to careers/ }).click();
  await expect(app.getByText("will be added")).toBeVisible();
  await expect(app.getByText("Chief Stewards").first()).toBeVisible();
  await app.getByRole("button", { name: "Import 2 records" }).click();
  await expect(app.getByText("1 record added and 1 updated.", { exact: true })).toBeVisible();
  await goTo(app, "Records");
  await expect(app.getByText("362 records").first()).toBeVisible();
});
