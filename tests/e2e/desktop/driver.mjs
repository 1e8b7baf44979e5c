/**
 * The real window, driven by plain W3C WebDriver over `fetch`. Starts a display where there is none,
 * the driver and the window on a temporary home, and always ends them by their own process.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../../..");
export const binary = process.env.STEWARD_TEST_DESKTOP ?? join(root, "target/debug/steward-desktop");
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

const keys = { Enter: "\uE007", Escape: "\uE00C", Control: "\uE009", Tab: "\uE004", Backspace: "\uE003" };

export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => child.once("exit", done));
}

export async function stopProcess(child) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 3000);
  await ended(child);
  clearTimeout(killer);
}

/** Removes a folder. The window's own processes may write into it for a moment longer. */
export function throwAway(folder) {
  return until(`${folder} to go`, () => {
    rmSync(folder, { recursive: true, force: true });
    return true;
  });
}

function childrenOf(pid) {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
    return list.split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Waits for processes that are on their way out, and ends them where they stay. */
async function endProcesses(pids) {
  for (const pid of pids) {
    const gone = () => !existsSync(`/proc/${pid}`);
    await until("the window to end", gone, 3000).catch(() => process.kill(pid, "SIGKILL"));
  }
}

/** A display of our own, where the machine has none. */
export async function startDisplay() {
  if (process.env.DISPLAY) return { display: process.env.DISPLAY };
  const child = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1360x900x24", "-nolisten", "tcp"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const number = await new Promise((done, failed) => {
    child.once("error", failed);
    child.once("exit", () => failed(new Error("Xvfb did not start")));
    child.stdout.once("data", (chunk) => done(chunk.toString().trim()));
  });
  return { display: `:${number}`, child };
}

/** What a program needs to run on the display with a home of its own. */
export function environment(home, display, bus = "disabled:") {
  return {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    TZ: "UTC",
    DISPLAY: display,
    // A display may ask for its cookie; without it the window cannot open.
    ...(process.env.XAUTHORITY ? { XAUTHORITY: process.env.XAUTHORITY } : {}),
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_STATE_HOME: join(home, "state"),
    DBUS_SESSION_BUS_ADDRESS: bus,
  };
}

/** Runs xdotool on the display; what it printed, or nothing where it found nothing. */
export function xdotool(display, ...args) {
  const env = environment(tmpdir(), display);
  const run = spawnSync("xdotool", args, { env, encoding: "utf8", timeout: 30_000 });
  if (run.error) throw run.error;
  return run.status === 0 ? run.stdout.trim() : "";
}

/**
 * `pick` answers the file dialogs; without it (`undefined`) they are the native ones. `home` is kept when it is given, as between two starts on one machine. `bus` is the session bus, for the keyring.
 */
export async function openWindow(options = {}) {
  const { workspace, home: given, bus } = options;
  const pick = "pick" in options ? options.pick : [];
  if (!existsSync(binary)) throw new Error(`${binary} is not built`);
  const home = given ?? mkdtempSync(join(tmpdir(), "steward-desktop-"));
  const { display, child: screen } = await startDisplay();
  const port = await freePort();
  const env = {
    ...environment(home, display, bus),
    TAURI_AUTOMATION: "true",
    TAURI_WEBVIEW_AUTOMATION: "true",
    ...(pick ? { STEWARD_TEST_PICK: pick.join(":") } : {}),
    ...(workspace ? { STEWARD_WORKSPACE: workspace } : {}),
  };
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env, stdio: "ignore" });
  const base = `http://127.0.0.1:${port}`;
  let session;
  const cleanUp = async () => {
    // The driver starts the window; now and then it leaves it behind when the session ends.
    const window = childrenOf(driver.pid);
    if (session) await send(base, "DELETE", `/session/${session}`).catch(() => undefined);
    await stopProcess(driver);
    await endProcesses(window);
    await stopProcess(screen);
    if (!given) await throwAway(home);
  };
  try {
    await until("the driver", () => send(base, "GET", "/status").then(() => true));
    const created = await send(base, "POST", "/session", {
      capabilities: { alwaysMatch: { "webkitgtk:browserOptions": { binary, args: [] } } },
    });
    session = created.sessionId;
    return new Window(`${base}/session/${session}`, home, display, cleanUp, () => childrenOf(driver.pid));
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

async function send(base, method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: { "content-type": "application/json" },
    // A window that does not come up must fail the test, not hold it up.
    signal: AbortSignal.timeout(60_000),
    ...(method === "POST" ? { body: JSON.stringify(body ?? {}) } : {}),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${answer.value?.message ?? response.status}`);
  return answer.value;
}

/** Tries until it works; tells what was waited for when it does not. */
export async function until(what, attempt, patience = 20_000) {
  const deadline = Date.now() + patience;
  let last;
  while (Date.now() < deadline) {
    try {
      const value = await attempt();
      if (value) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`waited in vain for ${what}`, { cause: last });
}

class Window {
  constructor(session, home, display, close, processes) {
    this.session = session;
    this.home = home;
    this.display = display;
    this.close = close;
    this.processes = processes;
  }

  signal(name) {
    for (const pid of this.processes()) process.kill(pid, name);
  }

  /** Ends the program at once, as a power cut does. */
  kill() {
    this.signal("SIGKILL");
  }

  /** Waits until the program is where a question wants it, and halts it there: it goes on only between two looks. */
  async haltWhen(what, there) {
    const halted = () => {
      this.signal("SIGSTOP");
      const found = there();
      if (!found) this.signal("SIGCONT");
      return found;
    };
    await until(what, halted, 60_000);
  }

  call(method, path, body) {
    return send(this.session, method, path, body);
  }

  run(script, ...args) {
    return this.call("POST", "/execute/sync", { script, args });
  }

  /** The first visible element of an XPath. */
  find(xpath) {
    return until(xpath, async () => {
      const found = await this.call("POST", "/elements", { using: "xpath", value: xpath });
      for (const element of found) {
        const id = element[elementKey];
        if (await this.call("GET", `/element/${id}/displayed`)) return id;
      }
      return undefined;
    });
  }

  /** Clicks what stands still: a click on what slides in would land beside it. */
  async click(xpath) {
    let before;
    await until(`a click on ${xpath}`, async () => {
      const element = await this.find(xpath);
      const now = JSON.stringify(await this.call("GET", `/element/${element}/rect`));
      if (now !== before) {
        before = now;
        return false;
      }
      await this.call("POST", `/element/${element}/click`);
      return true;
    });
  }

  button(name) {
    return `//button[contains(normalize-space(.), "${name}") or @aria-label="${name}"]`;
  }

  /** Types into whatever has the focus; names of keys in braces are pressed: `{Control}z`. */
  async type(text) {
    const actions = [];
    const held = [];
    for (const part of text.match(/\{\w+\}|[^{]/g) ?? []) {
      const name = part.startsWith("{") ? part.slice(1, -1) : undefined;
      const value = name ? keys[name] : part;
      actions.push({ type: "keyDown", value });
      if (name === "Control") {
        held.push(value);
        continue;
      }
      actions.push({ type: "keyUp", value });
      while (held.length > 0) actions.push({ type: "keyUp", value: held.pop() });
    }
    await this.call("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  async shows(text) {
    await until(`the text "${text}"`, () =>
      this.run("return document.body.innerText.includes(arguments[0])", text),
    );
  }

  async picture(path) {
    const data = Buffer.from(await this.call("GET", "/screenshot"), "base64");
    writeFileSync(path, data);
    return data;
  }
}
