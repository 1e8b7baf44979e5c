/** The real native file dialog, once: under a window manager, driven by the keyboard as a person would. */
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { environment, openWindow, stopProcess, throwAway, until, xdotool } from "./driver.mjs";

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
    manager = spawn("openbox", [], { env: environment(folder, window.display), stdio: "ignore" });
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
    const gone = () => find() === "";
    await window.click(window.button("Start with the sample"));
    await window.shows("361 records");
    await window.click('//nav//a[contains(., "Imports")]');
    // On a slow machine the dialog can lose keys while it still fills its list: it is then cancelled and asked for again.
    await until(
      "the dialog to take the path",
      async () => {
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
        await new Promise((done) => setTimeout(done, 2000));
        // A slash at the beginning makes the dialog ask for a path.
        xdotool(window.display, "type", "--delay", "60", file);
        await new Promise((done) => setTimeout(done, 1000));
        xdotool(window.display, "key", "--clearmodifiers", "Return");
        const closed = await until("the dialog to close", gone, 10_000).catch(() => false);
        if (!closed) {
          await until(
            "the dialog to be cancelled",
            async () => {
              xdotool(window.display, "key", "--clearmodifiers", "Escape");
              await new Promise((done) => setTimeout(done, 500));
              return gone();
            },
            patience,
          );
        }
        return window.shows("chosen.json").then(() => true);
      },
      5 * patience,
    );
    await window.shows("Keepers of the picked");
  });
});
