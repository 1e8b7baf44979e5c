/** `./start` once everything is built: what it prints, and that the window opens; and what it says without a display. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  binary,
  environment,
  root,
  startDisplay,
  stopProcess,
  throwAway,
  until,
  xdotool,
} from "./driver.mjs";

const start = join(root, "start");
const built = { STEWARD_TEST_BUILT: dirname(binary) };

describe("./start", () => {
  const home = mkdtempSync(join(tmpdir(), "steward-start-"));
  let screen;

  before(async () => {
    screen = await startDisplay();
  });
  after(async () => {
    await stopProcess(screen?.child);
    await throwAway(home);
  });

  it("creates the sample, says what is in it, and opens the window", async () => {
    const env = { ...environment(home, screen.display), ...built };
    const child = spawn("bash", [start], { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        said += chunk;
      });
    }
    try {
      await until("the outcome", () => said.includes("24 rows in quarantine"), 60_000);
      assert.match(said, /361 records restored, 361 valid, 24 rows in quarantine\./);
      assert.ok(said.includes(join(home, "data", "steward", "default.steward")), said);
      // The script becomes the program, so its process is the window's.
      await until(
        `the window of process ${child.pid}`,
        () =>
          xdotool(
            screen.display,
            "search",
            "--onlyvisible",
            "--pid",
            String(child.pid),
            "--name",
            "^Steward$",
          ),
        60_000,
      );
      assert.equal(child.exitCode, null, said);
    } finally {
      await stopProcess(child);
    }
  });

  it("without a display it does the same work and says how to look", () => {
    const { DISPLAY: _none, ...env } = environment(home, "");
    const run = spawnSync("bash", [start], { env: { ...env, ...built }, cwd: home, encoding: "utf8" });
    const said = run.stdout + run.stderr;
    assert.equal(run.status, 0, said);
    assert.match(said, /361 records/);
    assert.match(said, /There is no display here/);
    assert.ok(said.includes(join(built.STEWARD_TEST_BUILT, "steward")) && said.includes("serve"), said);
  });
});
