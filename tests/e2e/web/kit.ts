/** A real `steward serve` for each test, on a workspace of its own, and words for what people do on its pages. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { AxeBuilder, test as base, expect, type Locator, type Page } from "../../../ui/e2e";

export { expect, type Locator, type Page };

/** For tests whose subject depends on where the records are kept: they run on MongoDB as well as on a file. */
export const stores = { tag: "@stores" };

export type KitOptions = {
  store: "file" | "mongodb";
  /** More variables of the server's environment. */
  environment: Record<string, string>;
};

export type Server = {
  url: string;
  workspace: string | undefined;
  folder: string;
  /** Runs the command line on the same workspace. */
  cli: (...args: string[]) => string;
  /**
   * Waits until the server is where a question wants it, and halts it there: it goes on only between two
   * looks, so that a quick machine does not run past that place. `restart` then ends it.
   */
  haltWhen: (there: () => boolean) => Promise<void>;
  /** Ends the server as the signal does, and starts another on the same workspace: `url` is new. */
  restart: (signal: "SIGTERM" | "SIGKILL") => Promise<void>;
  stop: () => Promise<void>;
};

const root = resolve(import.meta.dirname, "../../..");
const binary = process.env.STEWARD_TEST_BINARY ?? join(root, "target/debug/steward");

export const samples = join(root, "schemas/careers/sample");

function environment(folder: string, workspace: string | undefined): NodeJS.ProcessEnv {
  const { STEWARD_WORKSPACE: _unused, ...rest } = process.env;
  return {
    ...rest,
    HOME: folder,
    TMPDIR: folder,
    XDG_DATA_HOME: join(folder, "data"),
    XDG_CONFIG_HOME: join(folder, "config"),
    XDG_CACHE_HOME: join(folder, "cache"),
    XDG_STATE_HOME: join(folder, "state"),
    DBUS_SESSION_BUS_ADDRESS: "disabled:",
    ...(workspace ? { STEWARD_WORKSPACE: workspace } : {}),
  };
}

/** Address of a database that no other test uses. The server is temporary and is thrown away as a whole. */
function freshDatabase(): string {
  const server = process.env.STEWARD_TEST_MONGODB_URI;
  if (!server) throw new Error("Set STEWARD_TEST_MONGODB_URI to a temporary MongoDB, or run --project=file.");
  const uri = new URL(server);
  uri.pathname = `/e2e_${Date.now().toString(36)}_${Math.floor(Math.random() * 1e6).toString(36)}`;
  return uri.toString();
}

let madeSample: string | undefined;

/** A file workspace with the sample, made once and copied for each test: loading it again takes longer than most tests. */
function sampleFile(): string {
  if (madeSample) return madeSample;
  const folder = mkdtempSync(join(tmpdir(), "steward-sample-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "careers.steward");
  const run = spawnSync(binary, ["init", "--sample"], { env: environment(folder, path), encoding: "utf8" });
  if (run.status !== 0) throw new Error(`steward init --sample: ${run.stderr}`);
  madeSample = path;
  return path;
}

function waitForUrl(child: ChildProcess): Promise<string> {
  return new Promise((done, failed) => {
    let out = "";
    let err = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      const match = /"url"\s*:\s*"([^"]+)"/.exec(out);
      if (match?.[1]) done(match[1]);
    });
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`steward serve ended with ${code}: ${err}`)));
  });
}

export async function startServer(options: {
  store: "file" | "mongodb";
  sample?: boolean;
  /** Starts without any workspace, as on a new machine. */
  empty?: boolean;
  environment?: Record<string, string>;
}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "steward-e2e-"));
  const named = options.store === "file" ? join(folder, "careers.steward") : freshDatabase();
  const workspace = options.empty ? undefined : named;
  const env = { ...environment(folder, workspace), ...options.environment };
  const cli = (...args: string[]) => {
    const run = spawnSync(binary, args, { env, encoding: "utf8" });
    if (run.error) throw run.error;
    if (run.status === null || run.status > 1) throw new Error(`steward ${args.join(" ")}: ${run.stderr}`);
    return run.stdout;
  };
  if (!options.empty && options.sample === false) cli("init");
  else if (!options.empty && options.store === "file") copyFileSync(sampleFile(), named);
  else if (!options.empty) cli("init", "--sample");
  const args = ["--json", "serve", "--listen", "127.0.0.1:0", "--ui", join(root, "ui/dist")];
  const start = () => spawn(binary, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let child = start();
  const server: Server = {
    url: "",
    workspace,
    folder,
    cli,
    haltWhen: async (there) => {
      const end = Date.now() + 60_000;
      for (child.kill("SIGSTOP"); !there(); child.kill("SIGSTOP")) {
        if (Date.now() > end) throw new Error("the server was not there within a minute");
        child.kill("SIGCONT");
        await new Promise((done) => setTimeout(done, 25));
      }
    },
    restart: async (signal) => {
      await endProcess(child, signal);
      child = start();
      server.url = await waitForUrl(child);
    },
    stop: async () => {
      await endProcess(child, "SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    server.url = await waitForUrl(child);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Sends the signal and waits for the end; kills where it is not heeded. */
async function endProcess(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  child.kill("SIGCONT");
  const killer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  await ended;
  clearTimeout(killer);
}

type Fixtures = {
  /** A server on the sample: 361 careers. */
  steward: Server;
  /** The page, with the records of the sample in sight. */
  app: Page;
};

export const test = base.extend<KitOptions & Fixtures>({
  store: ["file", { option: true }],
  environment: [{}, { option: true }],
  steward: async ({ store, environment }, use) => {
    const server = await startServer({ store, environment });
    await use(server);
    await server.stop();
  },
  app: async ({ page, steward }, use) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(steward.url);
    await expect(grid(page)).toBeVisible();
    await use(page);
    expect(errors, "errors on the page").toEqual([]);
    // The page goes on asking while its server stops.
    await page.unrouteAll({ behavior: "ignoreErrors" });
  },
});

/** What axe finds serious or critical is an error: everything in the light, and the contrast in the dark as well. */
export async function expectAccessible(page: Page, where: string, within?: string): Promise<void> {
  expect(await grave(page, within), where).toEqual([]);
  await drawnIn(page, "dark");
  expect(await grave(page, within, ["color-contrast"]), `${where}, dark`).toEqual([]);
  await drawnIn(page, "light");
}

async function drawnIn(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
  // Colours on their way from one to the other are neither.
  const moving = () => page.evaluate(() => document.getAnimations().length);
  await expect.poll(moving, { intervals: [20] }).toBe(0);
}

async function grave(page: Page, within?: string, rules?: string[]): Promise<string[]> {
  // Telling of all that is fine takes most of the time of a look, and there are no frames of other origins.
  const look = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
  if (rules) look.withRules(rules);
  if (within) look.include(within);
  const { violations } = await look.analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
}

export function grid(page: Page): Locator {
  return page.getByRole("grid");
}

/** The cell of a column in the row that holds the text. */
export function cellOf(page: Page, rowText: string, column: string): Locator {
  return page
    .getByRole("row")
    .filter({ has: page.getByText(rowText, { exact: true }) })
    .locator(`[data-col="${column}"]`);
}

/** Goes to a place of the rail. */
export async function goTo(page: Page, place: string): Promise<void> {
  await page
    .getByRole("navigation", { name: "Pages" })
    .getByRole("link", { name: new RegExp(`^${place}`) })
    .click();
  await expect(page.getByRole("heading", { level: 1, name: place })).toBeVisible();
}

export function toast(page: Page, text: string | RegExp): Locator {
  return page.locator(".mantine-Notification-root").filter({ hasText: text });
}

/** Chooses files in the import wizard, as the browser's dialog would. */
export async function chooseFiles(page: Page, ...paths: string[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose files" }).first().click();
  await (await chooser).setFiles(paths);
}

/** Clicks what starts a download; gives the name and the text of the file that arrives. */
export async function downloadBy(page: Page, click: () => Promise<void>): Promise<[string, string]> {
  const coming = page.waitForEvent("download");
  await click();
  const download = await coming;
  return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
}

/** Drops a file on the page as a file manager does. */
export async function dropFile(page: Page, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(
    ([name, text]) => {
      const data = new DataTransfer();
      data.items.add(new File([text ?? ""], name ?? ""));
      return data;
    },
    [name, text],
  );
  const body = page.locator("body");
  await body.dispatchEvent("dragover", { dataTransfer: data });
  await expect(page.getByText("Drop the files here")).toBeVisible();
  await body.dispatchEvent("drop", { dataTransfer: data });
  await expect(page.getByText("Drop the files here")).toBeHidden();
}

/** Writes a file of careers into the folder of the test. */
export function writeRecords(server: Server, name: string, records: object[]): string {
  const path = join(server.folder, name);
  writeFileSync(path, JSON.stringify(records));
  return path;
}

export function career(id: string, part: object = {}): object {
  return {
    career_id: id,
    title: `Keepers of the ${id}`,
    description: "They look after things that others rely on, every day of the year.",
    average_salary: 51000,
    ...part,
  };
}
