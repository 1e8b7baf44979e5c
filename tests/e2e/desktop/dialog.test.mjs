/** The real native file dialog, once: under a window manager, driven by the keyboard as a person would. */
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWindow, stopProcess, surroundings, throwAway, until, xdotool } from "./driver.mjs";

const patience = 60_000;

describe("the native file dialog", () => {
  const folder = mkdtempSync(join(tmpdir(), "steward-dialog-"));
  const file = join(folder, "chosen.json");
  let window;
  let manager;

  before(async () => {
    writeFileSync(
      file,
      JSON.stringify([
        {
          career_id: "picked-1",
          title: "Keepers of the picked",
          description: "They look after things that others rely on, every day of the year.",
          average_salary: 51000,
        },
      ]),
    );
    window = await openWindow({ pick: undefined });
    // Dialogs get the keyboard from a window manager.
    manager = spawn("openbox", [], { env: surroundings(folder, window.display), stdio: "ignore" });
    await until(
      "the window manager",
      () => xdotool(window.display, "search", "--onlyvisible", "--name", "^Steward$"),
      patience,
    );
  });

  after(async () => {
    await window?.close();
    await stopProcess(manager);
    await throwAway(folder);
  });

  it("takes a path that is typed, and the file is previewed", async () => {
    const find = () =>
      xdotool(window.display, "search", "--onlyvisible", "--name", "^Choose files to import$");
    await window.click(window.button("Start with the sample"));
    await window.shows("361 records");
    await window.click('//nav//a[contains(., "Imports")]');
    await window.click(window.button("Choose files"));
    const dialog = await until("the dialog", find, patience);
    await until(
      "the dialog to have the keyboard",
      () => {
        xdotool(window.display, "windowfocus", dialog);
        return xdotool(window.display, "getwindowfocus") === dialog;
      },
      patience,
    );
    // A slash at the beginning makes the dialog ask for a path.
    xdotool(window.display, "type", "--delay", "60", file);
    await until(
      "the dialog to close",
      async () => {
        xdotool(window.display, "key", "--clearmodifiers", "Return");
        await new Promise((done) => setTimeout(done, 500));
        return find() === "";
      },
      patience,
    );
    await window.shows("chosen.json");
    await window.shows("Keepers of the picked");
  });
});
