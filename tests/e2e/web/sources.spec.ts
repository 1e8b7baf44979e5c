import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourceCases, sources } from "../examples.mjs";
import { chooseFiles, expect, goTo, type Page, samples, test } from "./kit";

async function choosePart(app: Page, [label, name]: [string, string]): Promise<void> {
  const part = app
    .getByRole("region", { name: /^Reading options for / })
    .getByRole("combobox", { name: label });
  await part.click();
  await app.getByRole("option", { name: new RegExp(`^${name}`) }).click();
  await expect(part).toHaveValue(new RegExp(`^${name}`));
}

test("every kind of file is recognised, shown and imported", async ({ app, steward }) => {
  test.setTimeout(240_000);
  await goTo(app, "Imports");
  for (const { file, recognised, part } of sourceCases) {
    await test.step(file, async () => {
      await chooseFiles(app, join(sources, file));
      if (part) await choosePart(app, part);
      for (const word of recognised) await expect(app.getByText(word, { exact: true }).first()).toBeVisible();
      await expect(app.getByText("the first 3 rows are fine")).toBeVisible();
      await expect(app.getByText("Español").first()).toBeVisible();
      await app.getByRole("button", { name: "See the plan" }).click();
      await app.getByRole("button", { name: "Import 3 records" }).click();
      await expect(app.getByText("3 records added.", { exact: true })).toBeVisible();
      await app.getByRole("button", { name: "Import more" }).click();
    });
  }
  const count = JSON.parse(steward.cli("--json", "records", "count", "--collection", "language_sessions"));
  expect(count.count).toBe(3 * sourceCases.length);
});

test("a damaged database says what it could not read", async ({ app }) => {
  await goTo(app, "Imports");
  await chooseFiles(app, join(samples, "careers.db"));
  await expect(app.getByText("SQLite table", { exact: true })).toBeVisible();
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText("105 rows could be read", { exact: false }).first()).toBeVisible();
  await expect(app.getByText("5 pages", { exact: false }).first()).toBeVisible();
});

/** The number of the page that leads to those with the careers, and the size of a page. */
const whereCareersBegin = `
import sqlite3, sys
file = sqlite3.connect(sys.argv[1])
root = "SELECT s.rootpage FROM sqlite_schema s JOIN collections c ON s.name = 'c' || c.id WHERE c.name = 'careers'"
print(file.execute(root).fetchone()[0], file.execute("PRAGMA page_size").fetchone()[0])`;

test("a damaged workspace gives up its records", async ({ app, steward }) => {
  const other = join(steward.folder, "other.steward");
  steward.cli("--workspace", other, "init", "--sample");
  const place = execFileSync("python3", ["-c", whereCareersBegin, other], { encoding: "utf8" });
  const [root = 0, size = 0] = place.split(" ").map(Number);
  const damaged = join(steward.folder, "damaged.steward");
  writeFileSync(damaged, readFileSync(other).fill(0xee, (root - 1) * size, root * size));
  steward.cli("records", "bulk", "average_salary > 0", "--delete", "--yes");
  await goTo(app, "Imports");
  await chooseFiles(app, damaged);
  await expect(app.getByText("the first 50 rows are fine")).toBeVisible();
  await app.getByRole("button", { name: "See the plan" }).click();
  await expect(app.getByText("361 rows could be read", { exact: false }).first()).toBeVisible();
  await app.getByRole("button", { name: "Import 361 records" }).click();
  await expect(app.getByText("361 records added.", { exact: true })).toBeVisible();
  await expect(app.getByText("is damaged", { exact: false }).first()).toBeVisible();
});

test("files that nobody can import are refused with what to do", async ({ app, steward }) => {
  const write = (name: string, content: string) => {
    const path = join(steward.folder, name);
    writeFileSync(path, content);
    return path;
  };
  await goTo(app, "Imports");
  await chooseFiles(app, write("empty.csv", ""));
  await expect(app.getByText("This file is empty.", { exact: false })).toBeVisible();
  await app.getByRole("button", { name: "Cancel the import" }).click();
  const header = "career_id,title,title,average_salary,description";
  const long = "x".repeat(10_000);
  await chooseFiles(
    app,
    write("dirty.csv", `${header}\nc-1,A,B,"$86,000",${long}\nc-2,"never closed,B,1,d\n`),
  );
  await expect(app.getByText("title_2", { exact: false }).first()).toBeVisible();
  await expect(app.getByText(/of the first \d rows ha(s|ve) problems/)).toBeVisible();
  await app.getByRole("button", { name: "Cancel the import" }).click();
  mkdirSync(join(steward.folder, "unknown"));
  await chooseFiles(app, write("unknown/picture.png", "\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR"));
  await expect(
    app.getByText("is text, but neither JSON nor separated values", { exact: false }).first(),
  ).toBeVisible();
});
