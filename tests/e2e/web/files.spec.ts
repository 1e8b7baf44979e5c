/** Files that come by a drop, and files that go as downloads. */
import { career, downloadBy, dropFile, expect, goTo, test, writeRecords } from "./kit";

for (const place of ["Imports", "Records"]) {
  test(`a file dropped on ${place} is previewed and imported`, async ({ app }) => {
    await goTo(app, place);
    await dropFile(app, "dropped.json", JSON.stringify([career("drop-1"), career("drop-2")]));
    await expect(app.getByText("dropped.json").first()).toBeVisible();
    await expect(app.getByText("Keepers of the drop-1").first()).toBeVisible();
    await app.getByRole("button", { name: "See the plan" }).click();
    await app.getByRole("button", { name: "Import 2 records" }).click();
    await expect(app.getByText("2 records added.", { exact: false }).first()).toBeVisible();
  });
}

test("the records that fit are downloaded in each format", async ({ app }) => {
  await app.getByRole("textbox", { name: "Search in these records" }).fill("Chief Executives");
  const some = app.getByText(/^\d{1,2} of 361 records/);
  await expect(some).toBeVisible();
  const fit = Number.parseInt((await some.textContent()) ?? "", 10);
  const save = async (format: string) => {
    await app.getByRole("button", { name: "Export" }).click();
    return downloadBy(app, () => app.getByRole("menuitem", { name: new RegExp(`^${format}`) }).click());
  };

  const [name, lines] = await save("NDJSON");
  expect(name).toMatch(/^careers.*\.ndjson$/);
  const records = lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(records).toHaveLength(fit);
  expect(records).toContainEqual(
    expect.objectContaining({ career_id: "11-1011.00", average_salary: 269630, title: "Chief Executives" }),
  );
  const [, list] = await save("JSON");
  expect(JSON.parse(list)).toEqual(records);
  const [table, rows] = await save("CSV");
  expect(table).toMatch(/\.csv$/);
  expect(rows.split("\r\n")[0]).toMatch(/^"career_id",/);
  expect(rows).toContain("Chief Executives");
});

test("the quarantine is downloaded as a table of errors and as rows to correct", async ({ app, steward }) => {
  const bad = [career("bad-1", { average_salary: 0 }), career("bad-2", { average_salary: -4 })];
  steward.cli("import", writeRecords(steward, "bad.json", bad));
  await goTo(app, "Quarantine");
  await app.getByRole("button", { name: /^bad\.json \d+$/ }).click();
  await expect(app.getByRole("list", { name: "Quarantined rows" }).getByRole("listitem")).toHaveCount(2);
  const save = async (label: string) => {
    await app.getByRole("button", { name: "Export" }).click();
    return downloadBy(app, () => app.getByRole("menuitem", { name: new RegExp(`^${label}`) }).click());
  };
  const [, errors] = await save("Error report");
  expect(errors.charCodeAt(0), "a mark by which Excel knows the encoding").toBe(0xfeff);
  expect(errors.trimEnd().split("\r\n")).toHaveLength(4);
  expect(errors).toContain("average_salary");
  const [, rows] = await save("Rows to correct");
  expect(rows).toContain("Keepers of the bad-2");
  const [name, everything] = await save("Everything");
  expect(name).toBe("quarantine.ndjson");
  const entries = everything
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(entries.map((entry) => entry.rowNumber).sort()).toEqual([1, 2]);
  expect(entries[0]).toMatchObject({ sourceFile: "bad.json", csvType: expect.stringContaining("careers") });
});
