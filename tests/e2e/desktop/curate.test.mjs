/** In the window as on the page: a stopped import goes on, and views keep their names over a restart. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { binary, environment, openWindow, throwAway, until } from "./driver.mjs";

const rows = 40_000;

function large() {
  const record = (n) => ({
    career_id: `r-${String(n).padStart(5, "0")}`,
    title: `Keepers of gate ${n}`,
    description: "They look after things that others rely on, every day of the year.",
    average_salary: 51000,
  });
  return JSON.stringify(Array.from({ length: rows }, (_, n) => record(n)));
}

describe("one home over several starts", () => {
  const home = mkdtempSync(join(tmpdir(), "steward-home-"));
  const file = join(home, "large.json");
  const workspace = join(home, "careers.steward");
  let window;

  const steward = (...args) => {
    const program = process.env.STEWARD_TEST_BINARY ?? join(dirname(binary), "steward");
    const env = { ...environment(home, ""), STEWARD_WORKSPACE: workspace };
    const run = spawnSync(program, ["--json", ...args], { env, encoding: "utf8" });
    assert.ok(run.status === 0, run.stderr);
    return JSON.parse(run.stdout);
  };
  const open = async () => {
    window = await openWindow({ pick: [file], home, workspace });
  };
  const close = async () => {
    await window?.close();
    window = undefined;
  };

  before(async () => {
    writeFileSync(file, large());
    steward("init", "--sample");
    await open();
  });
  after(async () => {
    await close();
    await throwAway(home);
  });

  it("saves a view under a name", async () => {
    await window.shows("361 records");
    await window.click('//input[@aria-label="Search in these records"]');
    await window.type("Chief");
    await window.shows("of 361 records");
    await window.click('//button[@aria-label="Views"]');
    await window.click('//*[@role="menuitem"][contains(., "Save this view")]');
    await until("the box for the name", () =>
      window.run('return document.activeElement.closest("[role=dialog]") !== null'),
    );
    await window.type("Chiefs{Enter}");
    await window.shows("saved.");
  });

  it("is killed in the middle of an import", async () => {
    await window.click('//nav//a[contains(., "Imports")]');
    await window.click(window.button("Choose files"));
    await window.click(window.button("See the plan"));
    await until(
      "the plan",
      () => window.run('return document.body.innerText.includes("Import 40,000 records")'),
      120_000,
    );
    await window.click(window.button("Import 40,000 records"));
    await window.haltWhen("the middle of the import", () => {
      const [run] = steward("runs", "list").runs;
      return run.state === "running" && run.counts.inserted > 0;
    });
    window.kill();
    await close();
    // Its process is gone, and that is known at once.
    assert.equal(steward("runs", "list").runs[0].state, "interrupted");
  });

  it("goes on with it after a restart, and nothing is lost or doubled", async () => {
    await open();
    await window.shows("Chief Executives");
    await window.click('//nav//a[contains(., "Imports")]');
    await window.click(window.button("large.json"));
    await until(
      "the offer to go on",
      () => window.run('return document.body.innerText.includes("Go on with it")'),
      90_000,
    );
    await window.click(window.button("Go on with it"));
    await until(
      "the end",
      () => window.run('return document.body.innerText.includes("40,000 records added.")'),
      120_000,
    );
    assert.equal(steward("records", "count").count, rows + 361);
  });

  it("has kept the view", async () => {
    await window.click('//nav//a[contains(., "Records")]');
    await window.shows("40,361 records");
    await window.click('//button[@aria-label="Views"]');
    await window.click('//*[@role="menuitem"][normalize-space(.) = "Chiefs"]');
    await window.shows("of 40,361 records");
    await window.shows("Chief Executives");
  });
});
