/** Folders, which a window can choose and a browser cannot. The dialog is stood in for; the folder is a real one. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, goTo, type Page, type Server, test } from "./kit";

const sessions = resolve(import.meta.dirname, "../../fixtures/sources/sessions.bson");

/** The page of a host with dialogs, whose next one answers with a dump of mongodump. */
async function withDump(page: Page, server: Server, metadata?: object): Promise<void> {
  const places = () => readdirSync(server.folder, { recursive: true, encoding: "utf8" });
  const before = new Set(places());
  // A file that is to be written has a place, but is not there yet: a folder is put in its place.
  const dump = await page.evaluate(async () => {
    const headers = { authorization: `Bearer ${sessionStorage.getItem("steward.token")}` };
    return (await fetch("/api/save-target?name=dump", { method: "POST", headers })).json();
  });
  const made = places().find((path) => !before.has(path)) ?? "";
  const database = join(server.folder, made, "dump", "school");
  mkdirSync(database, { recursive: true });
  cpSync(sessions, join(database, "language_sessions.bson"));
  if (metadata) writeFileSync(join(database, "language_sessions.metadata.json"), JSON.stringify(metadata));

  await page.route("**/api/call/app.info", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), canPickFiles: true } });
  });
  await page.route("**/api/call/files.pickOpen", (route) => route.fulfill({ json: { files: [dump] } }));
  await page.reload();
}

test("a folder of mongodump is imported", async ({ app, steward }) => {
  await withDump(app, steward);
  await goTo(app, "Imports");
  await app.getByRole("button", { name: "From a folder…" }).first().click();
  await expect(app.getByText("the first 3 rows are fine")).toBeVisible();
  await expect(app.getByText("Español").first()).toBeVisible();
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 3 records" }).click();
  await expect(app.getByText("3 records added.", { exact: true })).toBeVisible();
  // The place in the rail leads from the end of an import to all of them.
  await goTo(app, "Imports");
  await expect(app.getByRole("row").filter({ hasText: "language_sessions" })).toContainText("done");
});

test("a folder of mongodump is restored", async ({ app, steward }) => {
  await withDump(app, steward);
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Restore", exact: true }).click();
  await app.getByRole("menuitem", { name: "From a mongodump folder…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  await expect(
    dialog.getByRole("table", { name: "Plan of the restore" }).getByRole("row").nth(1),
  ).toContainText("language_sessions");
  await dialog.getByRole("button", { name: "Restore 1 collection", exact: true }).click();
  await expect(dialog.getByText("3 records restored in language_sessions.")).toBeVisible({ timeout: 60_000 });
});

test("what cannot come back is left out only when asked", async ({ app, steward }) => {
  await withDump(app, steward, { indexes: [{ v: 2, key: { at: "geoHaystack", n: 1 }, name: "hay" }] });
  await goTo(app, "Backups");
  await app.getByRole("button", { name: "Restore", exact: true }).click();
  await app.getByRole("menuitem", { name: "From a mongodump folder…" }).click();
  const dialog = app.getByRole("dialog");
  await dialog.getByRole("button", { name: "See the plan" }).click();
  const missing = dialog.getByRole("alert").filter({ hasText: "Not everything can be restored" });
  await expect(missing).toContainText("language_sessions loses the index hay");
  const restore = dialog.getByRole("button", { name: "Restore 1 collection", exact: true });
  await expect(restore).toBeDisabled();
  await missing.getByRole("checkbox", { name: "Restore the rest without it" }).check();
  await restore.click();
  await expect(dialog.getByText("3 records restored in language_sessions.")).toBeVisible({ timeout: 60_000 });
});
