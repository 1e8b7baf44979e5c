import { expect, expectAccessible, stores, test } from "./kit";

test(
  "a search finds beginnings of words, parts of keys and numbers as one types, and marks them",
  stores,
  async ({ app }, info) => {
    const onFile = !info.project.name.includes("mongo");
    const records = app.getByRole("grid", { name: "Records of careers" });
    await app.keyboard.press("/");
    const search = app.getByRole("textbox", { name: "Search in these records" });
    await search.pressSequentially(onFile ? "engin" : "Engineers");
    await expect(app.getByText(/^\d+ of 361 records$/)).toBeVisible();
    await expect(records.locator("mark").first()).toHaveText(/^engin/i);
    await expect(app.getByText(/^Searched by index: /)).toBeVisible();
    await expectAccessible(app, "search with hits");

    await search.fill("11-1011");
    await expect(app.getByText("1 of 361 records")).toBeVisible();
    await expect(records.locator("mark").first()).toHaveText("11-1011");
    await search.fill("269630");
    await expect(records.getByText("269,630").first()).toBeVisible();
    await expect(records.locator("mark", { hasText: "269,630" }).first()).toBeVisible();
  },
);

test("what no index serves is said, and all text is searched on demand", stores, async ({ app }) => {
  await app.keyboard.press("/");
  const search = app.getByRole("textbox", { name: "Search in these records" });
  await search.pressSequentially("gineer");
  // Nobody knows yet that no record fits.
  await expect(app.getByText("The search by index finds no record")).toBeVisible();
  await expectAccessible(app, "search without hits");
  await app.getByRole("button", { name: "Search all text for “gineer”" }).click();
  await expect(app.getByText("All 361 records were read: 41 contain “gineer”.")).toBeVisible();
  await expect(app.getByText("41 of 361 records")).toBeVisible();
  await expect(app.getByRole("grid").locator("mark").first()).toHaveText(/gineer/i);
  await app.getByRole("button", { name: "Search by index again" }).click();
  await expect(app.getByText("The search by index finds no record")).toBeVisible();

  await search.fill("xyzzy");
  await app.getByRole("button", { name: "Search all text for “xyzzy”" }).click();
  await expect(app.getByText("All 361 records were read: none contains “xyzzy”.")).toBeVisible();
  await expect(app.getByText("No records match the filter")).toBeVisible();
});

test("all text is searched from the command line, too", stores, async ({ app, steward }) => {
  await expect(app.getByText("361 records").first()).toBeVisible();
  const run = (...args: string[]) =>
    JSON.parse(steward.cli("--json", "records", "find", "--collection", "careers", ...args));
  expect(run("--search", "11-1011").records).toHaveLength(1);
  const found = run("--search", "gineer", "--everywhere");
  expect(found.found).toBe(41);
  expect(found.keys).toHaveLength(41);
  expect(found.read).toBe(361);
});
