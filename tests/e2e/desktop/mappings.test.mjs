import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWindow } from "./driver.mjs";

describe("a table with names of its own, mapped in the window", () => {
  const folder = mkdtempSync(join(tmpdir(), "steward-files-"));
  const file = join(folder, "gates.csv");
  let window;

  before(async () => {
    const row = (n) => `M-${n};Keeper of gate ${n};$${n}2,500;They look after gate ${n} and all that passes.`;
    const head = "Career Id;Job Title;Average Salary;Description";
    writeFileSync(file, [head, row(1), row(2), row(3)].join("\n"));
    window = await openWindow({ pick: [file] });
  });

  after(async () => {
    await window?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("suggests a mapping, shows what comes out, and imports with it", async () => {
    await window.click(window.button("Start with the sample"));
    await window.shows("361 records");
    await window.click('//nav//a[contains(., "Imports")]');
    await window.click(window.button("Choose files"));
    await window.click(window.button("Use this schema"));
    await window.click(window.button("View the mapping"));
    await window.click(window.button("Rule for average_salary"));
    await window.shows("the first 3 rows are fine");
    await window.shows("$32,500");
    await window.click(window.button("See the plan"));
    await window.click(window.button("Import 3 records"));
    await window.shows("3 records added");
    assert.equal(await window.run("return document.title"), "Imports · sample · Steward");
  });
});
