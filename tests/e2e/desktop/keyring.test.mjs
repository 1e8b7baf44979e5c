/** Passwords of databases: kept in a real keyring, and asked for where there is none or it is locked. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openWindow, stopProcess, throwAway, until } from "./driver.mjs";

const uri = process.env.STEWARD_TEST_MONGODB_LOGIN_URI;
const written = /:([^:@]+)@/.exec(uri ?? "")?.[1] ?? "";
const password = decodeURIComponent(written);

const known = '//section[@aria-label="Recent workspaces"]//button[contains(., "careers")]';
const asked = '//section[@aria-label="Password"]//input[@type="password"]';
const opened = "There are no records yet";

/** Opens a window on a home that outlives it, and closes it whatever happens. */
async function inWindow(place, work) {
  const window = await openWindow(place);
  try {
    await work(window);
  } catch (error) {
    const page = await window.run("return document.body.innerText").catch(() => "nothing");
    throw new Error(`${error.message}; the page shows: ${page}`, { cause: error });
  } finally {
    await window.close();
  }
}

async function connect(window) {
  await window.click(window.button("Connect to MongoDB"));
  await window.click('//section[@aria-label="Connect to MongoDB"]//input[contains(@class, "mono")]');
  await window.type(`{Control}a${uri}`);
  await window.click(window.button("Test the connection"));
  await window.click(window.button("Open the workspace"));
  await window.shows(opened);
}

async function answer(window, text) {
  await window.click(asked);
  await window.type(`{Control}a${text}{Enter}`);
}

const recentOf = (home) => join(home, "data", "steward", "recent.json");

function assertNoFileTells(home) {
  assert.ok(readFileSync(recentOf(home), "utf8").includes("keeper@"), "the list of workspaces is there");
  for (const name of readdirSync(home, { recursive: true })) {
    const path = join(home, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
    const content = readFileSync(path);
    for (const form of [password, written]) {
      assert.ok(!content.includes(form), `${path} tells the password`);
    }
  }
}

before(() => assert.ok(password, "STEWARD_TEST_MONGODB_LOGIN_URI names a server with a login"));

describe("with an unlocked keyring", () => {
  const place = {
    home: mkdtempSync(join(tmpdir(), "steward-keyring-")),
    bus: process.env.DBUS_SESSION_BUS_ADDRESS,
  };

  before(() => assert.ok(place.bus, "there is a session bus with a keyring"));
  after(() => throwAway(place.home));

  it("keeps the password when the database is opened, and in no file", async () => {
    await inWindow(place, connect);
    assertNoFileTells(place.home);
  });

  it("opens the database again after a restart without asking", async () => {
    await inWindow(place, async (window) => {
      await window.click(known);
      await window.shows(opened);
    });
  });

  it("forgets the password with the database, and asks for it again", async () => {
    const recent = readFileSync(recentOf(place.home));
    await inWindow(place, async (window) => {
      await window.click(window.button("Remove careers from the list"));
      await until("an empty list", () =>
        window.run("return !document.body.innerText.includes('Recent workspaces')"),
      );
    });
    // The list as it was before: only the keyring has forgotten.
    writeFileSync(recentOf(place.home), recent);
    await inWindow(place, async (window) => {
      await window.click(known);
      await window.find(asked);
      await window.shows("is not in the keyring");
      await answer(window, "wrong");
      await window.shows("The server refused this password.");
      await answer(window, password);
      await window.shows(opened);
    });
    await inWindow(place, async (window) => {
      await window.click(known);
      await window.shows(opened);
    });
    assertNoFileTells(place.home);
  });
});

describe("without a keyring", () => {
  const place = { home: mkdtempSync(join(tmpdir(), "steward-keyring-")) };

  after(() => throwAway(place.home));

  it("says so before the database is opened, and asks after a restart", async () => {
    await inWindow(place, async (window) => {
      await window.click(window.button("Connect to MongoDB"));
      await window.shows("No keyring is available");
      await window.click(window.button("Back"));
      await connect(window);
    });
    await inWindow(place, async (window) => {
      await window.click(known);
      await window.shows("This machine has no open keyring");
      await answer(window, password);
      await window.shows(opened);
    });
    assertNoFileTells(place.home);
  });
});

describe("with a locked keyring", () => {
  const place = { home: mkdtempSync(join(tmpdir(), "steward-keyring-")) };
  const processes = [];

  /** A session bus of its own with a keyring that holds a locked collection. */
  before(async () => {
    const env = { ...process.env, HOME: place.home, XDG_DATA_HOME: join(place.home, "keyrings") };
    // Without a display nobody is asked to unlock it: as if that question had been dismissed.
    env.DISPLAY = undefined;
    mkdirSync(env.XDG_DATA_HOME);
    const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address=1"], {
      env,
      stdio: ["ignore", "pipe", "ignore"],
    });
    processes.push(bus);
    place.bus = await new Promise((done, failed) => {
      bus.once("error", failed);
      bus.stdout.once("data", (chunk) => done(chunk.toString().trim()));
    });
    const daemon = (...more) => {
      const child = spawn("gnome-keyring-daemon", ["--foreground", "--components=secrets", ...more], {
        env: { ...env, DBUS_SESSION_BUS_ADDRESS: place.bus },
        stdio: ["pipe", "ignore", "ignore"],
      });
      child.stdin.end("test");
      return child;
    };
    const first = daemon("--unlock");
    await until("a collection", () =>
      readdirSync(join(env.XDG_DATA_HOME, "keyrings")).includes("login.keyring"),
    );
    await stopProcess(first);
    processes.push(daemon());
  });
  after(async () => {
    for (const child of processes.reverse()) await stopProcess(child);
    throwAway(place.home);
  });

  it("opens the database, says that the password is not stored, and asks after a restart", async () => {
    await inWindow(place, async (window) => {
      await connect(window);
      await window.shows("the password is not stored");
    });
    await inWindow(place, async (window) => {
      await window.click(known);
      await window.shows("keyring is locked");
      await answer(window, password);
      await window.shows(opened);
    });
    assertNoFileTells(place.home);
  });
});
