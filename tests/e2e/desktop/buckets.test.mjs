/** A bucket for backups, added in the window: a real server of Azure Blob Storage, its key in a real keyring. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freePort, openWindow, root, stopProcess, throwAway, until } from "./driver.mjs";

const account = "steward";
const key = Buffer.from("a key that only this test knows").toString("base64");
const container = "backups";
const address = `az://${container}/careers`;

/** Makes the container, as the owner of the account does once. */
async function makeContainer(port) {
  const date = new Date().toUTCString();
  const headers = `x-ms-date:${date}\nx-ms-version:2021-08-06`;
  const text = `PUT${"\n".repeat(12)}${headers}\n/${account}/${account}/${container}\nrestype:container`;
  const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
  const answer = await fetch(`http://127.0.0.1:${port}/${account}/${container}?restype=container`, {
    method: "PUT",
    headers: {
      "x-ms-date": date,
      "x-ms-version": "2021-08-06",
      authorization: `SharedKey ${account}:${signature}`,
    },
  });
  assert.equal(answer.status, 201);
}

describe("a bucket for backups", () => {
  const home = mkdtempSync(join(tmpdir(), "steward-buckets-"));
  const data = mkdtempSync(join(tmpdir(), "steward-azurite-"));
  const place = { home, bus: process.env.DBUS_SESSION_BUS_ADDRESS };
  let server;
  let port;

  before(async () => {
    assert.ok(place.bus, "there is a session bus with a keyring");
    port = await freePort();
    const azurite = join(root, "tests/servers/node_modules/azurite/dist/src/blob/main.js");
    const options = ["--blobHost", "127.0.0.1", "--blobPort", `${port}`, "--location", data, "--silent"];
    server = spawn(process.execPath, [azurite, ...options, "--skipApiVersionCheck", "--disableTelemetry"], {
      env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` },
      stdio: "ignore",
    });
    await until("Azurite", () => fetch(`http://127.0.0.1:${port}/`).then(() => true), 30_000);
    await makeContainer(port);
  });

  after(async () => {
    await stopProcess(server);
    await throwAway(home);
    await throwAway(data);
  });

  it("takes backups, and its key is in the keyring and in no file", async () => {
    const window = await openWindow(place);
    try {
      const field = (label) => `//label[contains(., "${label}")]/following::input[1]`;
      const fill = async (label, text) => {
        await window.click(field(label));
        await window.type(`{Control}a${text}`);
      };
      await window.click(window.button("Start with the sample"));
      await window.shows("361 records");
      await window.click('//nav//a[contains(., "Backups")]');
      await window.click(window.button("Settings"));
      await window.click(window.button("Add a bucket"));
      await fill("Bucket address", address);
      await fill("Storage account", account);
      await fill("Access key", key);
      await fill("Endpoint", `http://127.0.0.1:${port}/${account}`);
      await window.click(window.button("Add the bucket"));
      await window.click(
        `//ul[@aria-label="Backup destinations"]/li[not(contains(., "${address}"))]//button`,
      );
      await window.click('//button[@type="submit" and normalize-space(.)="Save"]');
      await window.shows("saved");
      await window.type("{Escape}");
      await window.click(window.button("Back up now"));
      await window.find(`//table//tr[contains(., "${address}") and contains(., "on request")]`);
    } catch (error) {
      const page = await window.run("return document.body.innerText").catch(() => "nothing");
      throw new Error(`${error.message}; the page shows: ${page}`, { cause: error });
    } finally {
      await window.close();
    }
    for (const name of readdirSync(home, { recursive: true })) {
      const path = join(home, name);
      if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
      assert.ok(!readFileSync(path).includes(key), `${path} tells the key`);
    }
  });

  it("is read again after a restart, with the key of the keyring", async () => {
    const window = await openWindow(place);
    try {
      await window.shows("361 records");
      await window.click('//nav//a[contains(., "Backups")]');
      await window.find(`//table//tr[contains(., "${address}")]`);
    } finally {
      await window.close();
    }
  });
});
