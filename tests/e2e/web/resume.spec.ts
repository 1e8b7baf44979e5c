/** Imports whose server ended in their middle go on from the run page, with nothing lost or doubled. */
import {
  career,
  chooseFiles,
  expect,
  goTo,
  grid,
  type Page,
  type Server,
  stores,
  test,
  writeRecords,
} from "./kit";

const rows = 40_000;

/** Begins the import of a large file on the page and waits until some of it, but not all, is loaded: there the server halts. */
async function toItsMiddle(page: Page, server: Server): Promise<string> {
  const records = Array.from({ length: rows }, (_, n) => career(`r-${String(n).padStart(5, "0")}`));
  const file = writeRecords(server, "large.json", records);
  await goTo(page, "Imports");
  await chooseFiles(page, file);
  await page.getByRole("button", { name: "See the plan" }).click();
  await page.getByRole("button", { name: /^Import 40,000 records/ }).click({ timeout: 90_000 });
  const inMiddle = () => {
    const run = JSON.parse(server.cli("--json", "runs", "list")).runs[0];
    return run.state === "running" && run.counts.inserted > 0;
  };
  await server.haltWhen(inMiddle);
  return file;
}

/** The page of the run, on the server that was started again. */
async function openRun(page: Page, server: Server): Promise<void> {
  await page.goto("about:blank");
  await page.goto(server.url);
  await expect(grid(page)).toBeVisible();
  await goTo(page, "Imports");
  await page.getByRole("button", { name: "large.json" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Import" })).toBeVisible();
}

/** Each row is a record once. What the server wrote of a batch before it was killed is found unchanged when it goes on. */
async function expectWhole(page: Page, server: Server): Promise<void> {
  await expect(page.getByText("done", { exact: true })).toBeVisible({ timeout: 90_000 });
  const { counts } = JSON.parse(server.cli("--json", "runs", "list")).runs[0];
  expect([counts.read, counts.inserted + counts.unchanged, counts.quarantined]).toEqual([rows, rows, 0]);
  await expect(page.getByRole("button", { name: /go on/i })).toBeHidden();
  await goTo(page, "Records");
  await expect(page.getByText("40,361 records").first()).toBeVisible();
}

test(
  "a killed import is offered to go on once it is known to be dead, and goes on",
  stores,
  async ({ app, steward }) => {
    await toItsMiddle(app, steward);
    await steward.restart("SIGKILL");
    await openRun(app, steward);
    // Its process is gone; the page asks again by itself.
    const go = app.getByRole("button", { name: "Continue the import" });
    await expect(go).toBeVisible({ timeout: 60_000 });
    await expect(app.getByText("interrupted", { exact: true })).toBeVisible();
    await go.click();
    await expectWhole(app, steward);
  },
);

test("an import that was stopped with its server goes on with its file given again", async ({
  app,
  steward,
}) => {
  const file = await toItsMiddle(app, steward);
  await steward.restart("SIGTERM");
  await openRun(app, steward);
  await expect(app.getByText("cancelled", { exact: true })).toBeVisible();
  const chooser = app.waitForEvent("filechooser");
  await app.getByRole("button", { name: "Choose the file again and continue…" }).click();
  await (await chooser).setFiles(file);
  await expectWhole(app, steward);
});
