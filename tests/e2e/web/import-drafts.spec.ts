import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  career,
  chooseFiles,
  expect,
  expectAccessible,
  goTo,
  type Page,
  type Server,
  test,
  writeRecords,
} from "./kit";

function writeTable(server: Server): string {
  const path = join(server.folder, "gates.csv");
  const rows = Array.from(
    { length: 20 },
    (_, n) => `M-${n};Keeper of gate ${n};${n + 1}2500;They look after gate ${n} and all that passes.`,
  );
  writeFileSync(path, ["Career Id;Job Title;Average Salary;Description", ...rows, ""].join("\n"));
  return path;
}

function unfinished(page: Page) {
  return page.getByRole("region", { name: /not finished/ });
}

test("a mapping survives a click on the rail, Back and a reload", async ({ app, steward }) => {
  await goTo(app, "Imports");
  await chooseFiles(app, writeTable(steward));
  await app.getByRole("button", { name: "Use this schema" }).click();
  await app.getByRole("button", { name: "View the mapping" }).click();
  await expect(app).toHaveURL(/\/imports\/draft\/[^/]+\/mapping$/);
  const rule = app.getByRole("button", { name: "Rule for average_salary", exact: true });
  await expect(rule).toBeVisible();
  await app.getByRole("button", { name: "Add a rule" }).click();
  const field = app.getByRole("combobox", { name: "Field" }).or(app.getByRole("textbox", { name: "Field" }));
  await field.first().fill("gate_code");
  const added = app.getByRole("button", { name: "Rule for gate_code", exact: true });
  await expect(added).toBeVisible();

  await goTo(app, "Imports");
  await expect(unfinished(app)).toContainText("1 import not finished");
  await expect(unfinished(app)).toContainText("editing the mapping");
  await expectAccessible(app, "imports with a draft");
  await app.reload();
  await unfinished(app).getByRole("button", { name: "Continue" }).click();
  await expect(added).toBeVisible();

  // Each step is a place: Back and Forward walk them.
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app).toHaveURL(/\/plan$/);
  await expect(app.getByRole("button", { name: /^Import \d+ records/ })).toBeVisible();
  await app.goBack();
  await expect(added).toBeVisible();
  await app.goForward();
  await app.getByRole("button", { name: /^Import \d+ records/ }).click();
  await expect(app).toHaveURL(/\/outcome$/);
  await expect(app.getByRole("heading", { name: "Outcome" })).toBeVisible();
  await goTo(app, "Imports");
  await expect(unfinished(app)).toBeHidden();
  await app.goBack();
  await expect(app.getByRole("heading", { level: 1, name: "Imports" })).toBeVisible();
});

test("several imports wait side by side and can be discarded", async ({ app, steward }) => {
  for (const name of ["one.json", "two.json"]) {
    await goTo(app, "Imports");
    await chooseFiles(app, writeRecords(steward, name, [career(name)]));
    await expect(app.getByRole("button", { name: "See the plan" })).toBeVisible();
  }
  await goTo(app, "Imports");
  await expect(unfinished(app)).toContainText("2 imports not finished");
  await unfinished(app).getByRole("button", { name: "Discard the import of one.json" }).click();
  await expect(unfinished(app)).toContainText("1 import not finished");
  await unfinished(app).getByRole("button", { name: "two.json", exact: true }).click();
  await app.getByRole("button", { name: "Cancel the import" }).click();
  await expect(app.getByRole("heading", { level: 1, name: "Imports" })).toBeVisible();
  await expect(unfinished(app)).toBeHidden();
});
