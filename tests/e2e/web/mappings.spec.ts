import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseFiles, expect, expectAccessible, goTo, type Page, type Server, test, toast } from "./kit";

/** A table of careers with names and values as people write them. */
function writeTable(server: Server, name: string, salary: (n: number) => string): string {
  const row = (n: number) => [
    `M-${n}`,
    `Keeper of  gate ${n}`,
    salary(n),
    `They look after gate ${n} and all that passes.`,
    "n/a",
  ];
  const head = ["Career Id", "Job Title", "Average Salary", "Description", "Remarks"];
  const lines = [head, ...Array.from({ length: 20 }, (_, at) => row(at + 1))].map((cells) => cells.join(";"));
  const path = join(server.folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

function editor(page: Page) {
  const rules = page.getByRole("list", { name: "Rules of the mapping" });
  const rule = (name: string) => page.getByRole("button", { name: `Rule for ${name}`, exact: true });
  return { rules, rule, result: page.getByRole("region", { name: "Result of the mapping" }) };
}

test("dirty values: the suggestion, a number rule that is put right, saved, imported, found", async ({
  app,
  steward,
}) => {
  const file = writeTable(steward, "gates.csv", (n) => (n === 20 ? "by 66.500,00 €" : `${n}2.500,00 €`));
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  // No schema knows these names; one could fit.
  await app.getByRole("button", { name: "Use this schema" }).click();
  await expect(app.getByText("A mapping is suggested:", { exact: false })).toBeVisible();
  await app.getByRole("button", { name: "View the mapping" }).click();
  const { rule, result } = editor(app);
  await expect(rule("average_salary")).toBeVisible();
  await expect(app.getByText("Suggested").first()).toBeVisible();
  await expect(app.getByText("1 of the first 20 rows has problems")).toBeVisible();

  // One rule: its values alone, source beside result, the error at its place.
  await rule("average_salary").click();
  await expect(result.getByText("by 66.500,00 €").first()).toBeVisible();
  await expect(result.getByText("does not hold a number", { exact: false })).toBeVisible();
  await app.getByRole("button", { name: "Add a step" }).click();
  await app.getByRole("menuitem", { name: "Replace text" }).click();
  const replace = app.getByRole("region", { name: "Replace text" });
  await replace.getByRole("textbox", { name: "Find" }).fill("^by ");
  // After the number step there are texts again.
  await expect(app.getByText("20 of the first 20 rows have problems")).toBeVisible();
  await replace.getByRole("button", { name: "Move “Replace text” up" }).click();
  await expect(app.getByText("the first 20 rows are fine")).toBeVisible();
  await expect(result.getByText("66,500")).toBeVisible();

  // Undo and redo in the editor, by its buttons and by the keyboard.
  await app.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(app.getByText("20 of the first 20 rows have problems")).toBeVisible();
  await app.getByRole("heading", { name: "Rules", exact: true }).click();
  await app.keyboard.press("Control+Shift+z");
  await expect(app.getByText("the first 20 rows are fine")).toBeVisible();

  await app.getByRole("button", { name: "Save", exact: true }).click();
  await app.getByRole("menuitem", { name: "Save as…" }).click();
  const dialog = app.getByRole("dialog", { name: "Save the mapping" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("Gates");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(toast(app, "Mapping “Gates” saved.")).toBeVisible();

  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 20 records" }).click();
  await expect(app.getByText("20 records added").first()).toBeVisible();
  expect(JSON.parse(steward.cli("--json", "mapping", "show", "Gates")).schema).toContain("careers@");
  const career = JSON.parse(steward.cli("--json", "records", "get", "M-20", "--collection", "careers"));
  expect(career.document).toMatchObject({ title: "Keeper of gate 20", average_salary: 66500 });
});

test("a salary a month becomes one a year, as one sees while it is typed", async ({ app, steward }) => {
  const file = writeTable(steward, "months.csv", (n) => `${n}1.000,50 €`);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("button", { name: "Use this schema" }).click();
  await app.getByRole("button", { name: "View the mapping" }).click();
  const { rule, result } = editor(app);
  await rule("average_salary").click();
  await app.getByRole("button", { name: "Add a step" }).click();
  await app.getByRole("menuitem", { name: "Calculate" }).click();
  const step = app.getByRole("region", { name: "Calculate" });
  await step.getByRole("textbox", { name: "Multiply by" }).fill("12");
  await expect(result.getByText("132,006").first()).toBeVisible();
  await step.getByRole("textbox", { name: "Then add" }).fill("-6");
  await expect(result.getByText("132,000").first()).toBeVisible();
  await step.getByRole("textbox", { name: "Multiply by" }).fill("a dozen");
  await expect(app.getByText("is not a plain number", { exact: false }).first()).toBeVisible();
  await step.getByRole("textbox", { name: "Multiply by" }).fill("12");

  // A number has no unit, so that a duration is made of it only by who says which.
  await step.getByRole("button", { name: "Remove “Calculate”" }).click();
  await app.getByRole("button", { name: "Add a step" }).click();
  await app.getByRole("menuitem", { name: "Read a duration" }).click();
  await expect(result.getByText("holds a number without a unit", { exact: false }).first()).toBeVisible();
});

test("another encoding and delimiter are chosen, and the preview follows", async ({ app, steward }) => {
  const path = join(steward.folder, "orte.txt");
  // In windows-1251 these bytes are other letters than in windows-1252.
  const text = Buffer.from("id~name\n1~caf\xe9\n2~th\xe9\n", "latin1");
  writeFileSync(path, text);
  await goTo(app, "Imports");
  await chooseFiles(app, path);
  const reading = app.getByRole("region", { name: "Reading options for orte.txt" });
  await expect(reading).toBeVisible();
  const rows = app.getByRole("region", { name: "First rows" });
  await reading.getByRole("combobox", { name: "Values are separated by" }).click();
  await app.getByRole("option", { name: "another character…" }).click();
  await reading.getByRole("textbox", { name: "Character" }).fill("~");
  await reading.getByRole("combobox", { name: "Encoding" }).click();
  await app.getByRole("option", { name: "windows-1251" }).click();
  await expect(rows.getByText("cafй")).toBeVisible();
  await reading.getByRole("combobox", { name: "Encoding" }).click();
  await app.getByRole("option", { name: "windows-1252" }).click();
  await expect(rows.getByText("café")).toBeVisible();
  await app.getByRole("combobox", { name: "Collection" }).fill("places");
  await app.getByRole("textbox", { name: "Key" }).fill("id");
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 2 records" }).click();
  await expect(app.getByText("2 records added").first()).toBeVisible();
  const found = JSON.parse(steward.cli("--json", "records", "find", "--collection", "places"));
  expect(found.records.map((row: { document: { name: string } }) => row.document.name).sort()).toEqual([
    "café",
    "thé",
  ]);
});

test("a mapping that cannot be used says where, in its rule and in its JSON; rules by keyboard", async ({
  app,
  steward,
}) => {
  const file = writeTable(steward, "gates.csv", (n) => `${n}2500`);
  await goTo(app, "Imports");
  await chooseFiles(app, file);
  await app.getByRole("button", { name: "Use this schema" }).click();
  await app.getByRole("button", { name: "View the mapping" }).click();
  const { rule, rules } = editor(app);
  await rule("title").click();
  await app.getByRole("combobox", { name: "Column", exact: true }).fill("Job Titel");
  await expect(app.getByText("Did you mean 'Job Title'?", { exact: false }).first()).toBeVisible();
  await expect(app.getByRole("button", { name: "See the plan" })).toBeDisabled();
  await app.getByText("JSON", { exact: true }).click();
  await expect(app.getByRole("textbox", { name: "The mapping as JSON" })).toContainText("Job Titel");
  await expect(app.locator(".cm-lintRange-error")).toBeVisible();
  await app
    .locator("label")
    .filter({ hasText: /^Rules$/ })
    .click();
  await app.getByRole("button", { name: "Undo", exact: true }).click();
  await expect(app.getByRole("button", { name: "See the plan" })).toBeEnabled();

  const names = () =>
    rules.getByRole("button", { name: /^Rule for/ }).evaluateAll((all) => all.map((one) => one.ariaLabel));
  await rule("title").focus();
  await app.keyboard.press("Alt+ArrowUp");
  await expect
    .poll(names)
    .toEqual(["title", "career_id", "average_salary", "description"].map((name) => `Rule for ${name}`));
  await rule("description").focus();
  await app.keyboard.press("Delete");
  await expect(rule("description")).toBeHidden();
  await expect(app.getByRole("region", { name: "Columns without a rule" })).toContainText("Description");
});

test("saved mappings are loaded, renamed and removed", async ({ app, steward }) => {
  const kept = join(steward.folder, "kept.json");
  writeFileSync(kept, JSON.stringify({ version: 1, rules: [{ to: "title", from: "Job Title" }] }));
  steward.cli("mapping", "save", "Old", kept, "--schema", "careers");
  await goTo(app, "Imports");
  await chooseFiles(
    app,
    writeTable(steward, "gates.csv", (n) => `${n}2500`),
  );
  await app.getByRole("button", { name: /(Edit|View) the mapping/ }).click();
  await app.getByRole("button", { name: "Load", exact: true }).click();
  await app.getByRole("menuitem", { name: "Old" }).click();
  const { rules } = editor(app);
  await expect(rules.getByRole("button", { name: /^Rule for/ })).toHaveCount(1);

  await app.keyboard.press("Control+k");
  await expect(app.getByRole("combobox", { name: "Search everything" })).toBeFocused();
  await app.keyboard.type("saved mappings");
  await app.keyboard.press("Enter");
  const list = app.getByRole("list", { name: "Saved mappings" });
  await list.getByRole("button", { name: "Actions for Old" }).click();
  await app.getByRole("menuitem", { name: "Rename…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Name" }).fill("New");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(list.getByText("New", { exact: true })).toBeVisible();
  await expect(list.getByText("Old", { exact: true })).toBeHidden();
  await list.getByRole("button", { name: "Actions for New" }).click();
  await app.getByRole("menuitem", { name: "Remove…" }).click();
  await app.getByRole("button", { name: "Remove the mapping" }).click();
  await expect(list).toBeHidden();
  await toast(app, "removed").getByRole("button", { name: "Undo" }).click();
  await expect(list.getByText("New", { exact: true })).toBeVisible();
});

test("axe finds nothing serious while a mapping is edited", async ({ app, steward }) => {
  await goTo(app, "Imports");
  await chooseFiles(
    app,
    writeTable(steward, "gates.csv", (n) => (n === 20 ? "by agreement" : `${n}2.500,00 €`)),
  );
  await app.getByRole("button", { name: "Use this schema" }).click();
  await app.getByRole("button", { name: "View the mapping" }).waitFor();
  await expectAccessible(app, "files");
  await app.getByRole("button", { name: "View the mapping" }).click();
  await expect(app.getByText("1 of the first 20 rows has problems")).toBeVisible();
  await app.getByText("With problems", { exact: true }).click();
  await app.getByRole("button", { name: "Column Average Salary" }).click();
  await expectAccessible(app, "mapping");
  await editor(app).rule("average_salary").click();
  await app.getByText("Cases", { exact: true }).click();
  await expectAccessible(app, "rule");
});
