/** Every kind of source and every pack in the real window, and files that nobody can import. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { packCases, sourceCases, sources } from "../examples.mjs";
import { binary, environment, openWindow, throwAway } from "./driver.mjs";

describe("files that are chosen in the window", () => {
  const home = mkdtempSync(join(tmpdir(), "steward-sources-"));
  const workspace = join(home, "all.steward");
  // The file dialog answers with this one; its content says what it is.
  const chosen = join(home, "chosen");
  const program = process.env.STEWARD_TEST_BINARY ?? join(dirname(binary), "steward");
  const env = { ...environment(home, ""), STEWARD_WORKSPACE: workspace };
  const cli = (...args) => {
    const run = spawnSync(program, ["--json", ...args], { env, encoding: "utf8" });
    assert.ok(run.status <= 1, run.stderr);
    return JSON.parse(run.stdout);
  };
  let window;

  before(async () => {
    cli("init");
    window = await openWindow({ pick: [chosen], home, workspace });
    await window.click('//nav//a[contains(., "Imports")]');
  });
  after(async () => {
    await window?.close();
    await throwAway(home);
  });

  const choosePart = async ([control, name]) => {
    await window.click(`//input[@id = //label[normalize-space(.) = "${control}"]/@for]`);
    await window.click(`//*[@role = "option"][starts-with(normalize-space(.), "${name}")]`);
  };

  for (const { file, recognised, part } of sourceCases) {
    it(`${file} is recognised, shown and imported`, async () => {
      copyFileSync(join(sources, file), chosen);
      await window.click(window.button("Choose files"));
      if (part) await choosePart(part);
      for (const word of recognised) await window.shows(word);
      await window.shows("the first 3 rows are fine");
      await window.click(window.button("See the plan"));
      await window.click(window.button("Import 3 records"));
      await window.shows("3 records added.");
      await window.click(window.button("Import more"));
    });
  }

  for (const { pack, rows } of packCases()) {
    it(`rows of ${pack} are recognised, checked and imported`, async () => {
      writeFileSync(chosen, rows);
      await window.click(window.button("Choose files"));
      await window.click(window.button("See the plan"));
      await window.click(window.button("Import 1 record"));
      await window.shows("1 record added");
      await window.click(window.button("Import more"));
      const [run] = cli("runs", "list").runs;
      const found = [run.schema.split("@")[0], run.state, run.counts.read, run.counts.quarantined];
      assert.deepEqual(found, [pack, "done", 2, 1]);
    });
  }

  const work = "They look after a caf\u00e9 and all who come by.";
  const header = "career_id,title,title,average_salary,description";
  const dirty = [
    // The outcome of each, as it stands in the preview.
    { what: "an empty file", content: "", says: ["This file is empty."] },
    {
      what: "a picture",
      content: "\u0089PNG\r\n\u001a\n\u0000\u0000\u0000\rIHDR",
      says: ["neither JSON nor separated values"],
    },
    { what: "a header that stands twice", content: `${header}\nc-1,A,B,51000,Work\n`, says: ["title_2"] },
    {
      what: "a broken quotation mark, an amount as text and a cell of 10,000 letters",
      content: `${header}\nc-1,A,B,"$86,000",${"x".repeat(10_000)}\nc-2,"never closed,B,1,d\n`,
      says: ["title_2", "of the first 2 rows have problems"],
    },
    {
      what: "one encoding inside another",
      content: Buffer.concat([
        Buffer.from(
          `career_id,title,average_salary,description\nc-1,Caf\u00e9 keepers,51000,${work}\nc-2,Caf`,
        ),
        Buffer.from([0xe9]),
        Buffer.from(` keepers,52000,${work}\n`),
      ]),
      says: ["UTF-8", "1 of the first 2 rows"],
    },
    { what: "a folder", content: undefined, says: ["is a folder. Choose the files in it."] },
  ];

  for (const { what, content, says } of dirty) {
    it(`${what} has a clear outcome`, async () => {
      rmSync(chosen, { recursive: true, force: true });
      if (content === undefined) mkdirSync(chosen);
      else writeFileSync(chosen, content);
      await window.click(window.button("Choose files"));
      for (const word of says) await window.shows(word);
      await window.click(window.button("Cancel the import"));
    });
  }

  it("have left nothing out", () => {
    const sessions = cli("records", "count", "--collection", "language_sessions");
    // Those of the pack's example came on top.
    assert.equal(sessions.count, 3 * sourceCases.length + 1);
    assert.equal(cli("runs", "list").runs.length, sourceCases.length + packCases().length);
  });
});
