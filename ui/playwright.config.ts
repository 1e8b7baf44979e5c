import { defineConfig } from "@playwright/test";
import type { KitOptions } from "../tests/e2e/web/kit";

export default defineConfig<KitOptions>({
  testDir: "../tests/e2e/web",
  outputDir: "./test-results",
  fullyParallel: false,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    viewport: { width: 1280, height: 800 },
    locale: "en-US",
    timezoneId: "UTC",
    contextOptions: { reducedMotion: "reduce" },
    permissions: ["clipboard-read", "clipboard-write"],
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.STEWARD_TEST_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "file", use: { store: "file" }, testIgnore: /\.mongodb\.spec\.ts$/ },
    // Once is enough for what does not depend on where the records are kept; the command line tries all of it on both.
    { name: "mongodb", use: { store: "mongodb" }, grep: /@stores/ },
  ],
});
