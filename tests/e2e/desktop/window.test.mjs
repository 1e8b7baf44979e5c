import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWindow, until } from "./driver.mjs";

function career(id, part = {}) {
  return {
    career_id: id,
    title: `Keepers of the ${id}`,
    description: "They look after things that others rely on, every day of the year.",
    average_salary: 51000,
    ...part,
  };
}

describe("the window, from first start to an import", () => {
  const folder = mkdtempSync(join(tmpdir(), "steward-files-"));
  const file = join(folder, "more.json");
  let window;

  before(async () => {
    writeFileSync(file, JSON.stringify([career("new-1"), career("new-2", { average_salary: 0 })]));
    window = await openWindow({ pick: [file] });
  });

  after(async () => {
    await window?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("offers the sample on first start and shows its records", async () => {
    await window.click(window.button("Start with the sample"));
    await window.shows("361 records");
    await window.shows("Chief Executives");
  });

  it("edits a cell and takes it back", async () => {
    const cell = '//*[@role="row"][contains(., "11-1011.00")]//*[@data-col="title"]';
    const title = () => window.run("return document.getElementById('cell-0-1').textContent");
    await window.click(cell);
    await window.type("{Enter}");
    await until("the editor of the cell", () =>
      window.run('return document.activeElement.getAttribute("aria-label") === "Edit Title"'),
    );
    await window.type("{Control}aChief Stewards{Enter}");
    await window.shows("Undo");
    await until("the new title", async () => (await title()) === "Chief Stewards");
    await window.type("{Control}z");
    await until("the old title", async () => (await title()) === "Chief Executives");
  });

  it("imports a file that was picked in the native dialog", async () => {
    await window.click('//nav//a[contains(., "Imports")]');
    await window.click(window.button("Choose files"));
    await window.click(window.button("See the plan"));
    await window.click(window.button("Import 1 record"));
    await window.shows("1 row was put into quarantine");
    await window.click('//nav//a[contains(., "Records")]');
    await window.shows("362 records");
  });

  it("opens a record with its form and its history", async () => {
    await window.click('//button[@aria-label="Search everything"]');
    await window.find('//input[@aria-label="Search everything"]');
    await window.type("Registered Nurses");
    await window.find('//*[@role="option"][@aria-selected="true"][contains(., "29-1141.00")]');
    await window.type("{Enter}");
    await window.find('//aside[@aria-label="Record 29-1141.00"]//label[contains(., "Average salary")]');
  });

  it("has no error on the page and can be pictured", async () => {
    const picture = await window.picture(process.env.STEWARD_TEST_PICTURE ?? join(folder, "window.png"));
    assert.ok(picture.length > 20_000, "the picture is not blank");
    assert.equal(await window.run("return document.title"), "Records · sample · Steward");
  });
});
