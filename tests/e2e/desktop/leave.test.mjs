/** A question that takes long is given up by the program when nobody in the window waits for it any more. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { binary, environment, openWindow, throwAway, until } from "./driver.mjs";

const rows = 20_000;

describe("many rows that wait in quarantine", () => {
  const home = mkdtempSync(join(tmpdir(), "steward-leave-"));
  const workspace = join(home, "many.steward");
  let window;

  /** Processor time of the program so far, in hundredths of a second. */
  const used = () => {
    const ticks = (pid) => {
      const stat = spawnSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" }).stdout;
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[11]) + Number(fields[12]);
    };
    return window.processes().reduce((sum, pid) => sum + ticks(pid), 0);
  };
  const whileResting = async (seconds) => {
    const before = used();
    await new Promise((done) => setTimeout(done, seconds * 1000));
    return used() - before;
  };

  before(async () => {
    const file = join(home, "many.ndjson");
    const row = (n) =>
      JSON.stringify({ career_id: `r-${n}`, title: `Keepers of gate ${n}`, average_salary: "TBD" });
    writeFileSync(file, Array.from({ length: rows }, (_, n) => row(n)).join("\n"));
    const program = process.env.STEWARD_TEST_BINARY ?? join(dirname(binary), "steward");
    const env = { ...environment(home, ""), STEWARD_WORKSPACE: workspace };
    const run = (...args) => spawnSync(program, args, { env, encoding: "utf8" });
    run("init", "--sample");
    assert.ok(run("import", file).status <= 1);
    window = await openWindow({ pick: [], home, workspace });
  });
  after(async () => {
    await window?.close();
    await throwAway(home);
  });

  it("are looked through for a fix, and no longer once the dialog is closed", async () => {
    await window.shows("361 records");
    await until("rest after the start", async () => (await whileResting(1)) < 10, 60_000);
    await window.run(`
      const request = { selection: { by: "filter", filter: {} }, field: "average_salary", retry: true,
        action: { do: "set", value: 51000 } };
      window.planned = undefined;
      window.__TAURI_INTERNALS__
        .invoke("call", { name: "quarantine.planFix", request, id: 900_001 })
        .then(() => { window.planned = "answered"; }, (error) => { window.planned = error.code ?? String(error); });
    `);
    assert.ok((await whileResting(1)) > 30, "it is busy with the plan");
    await window.run('window.__TAURI_INTERNALS__.invoke("leave", { id: 900_001 })');
    const answer = await until("the answer", () => window.run("return window.planned"));
    assert.equal(answer, "cancelled");
    await whileResting(0.5);
    assert.ok((await whileResting(1)) < 10, "it rests");
  });
});
