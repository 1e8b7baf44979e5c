import { join } from "node:path";
import { career, expect, goTo, startServer, stores, test, writeRecords } from "./kit";

test(
  "records come from a MongoDB database elsewhere, and from another workspace file",
  stores,
  async ({ page }) => {
    const from = await startServer({ store: "mongodb" });
    const server = await startServer({ store: "file", sample: false });
    try {
      from.cli(
        "import",
        "--no-schema",
        "--collection",
        "others",
        writeRecords(from, "one.json", [{ _id: 1 }]),
      );
      await page.goto(server.url);
      await goTo(page, "Imports");
      await page.getByRole("button", { name: "From a database…" }).first().click();
      const dialog = page.getByRole("dialog", { name: "Import from a database" });
      await dialog.getByRole("textbox", { name: "Address" }).fill(from.workspace ?? "");
      await dialog.getByRole("button", { name: "Test the connection" }).click();
      await expect(dialog.getByText("passed").first()).toBeVisible({ timeout: 30_000 });
      await dialog.getByRole("button", { name: "Read from this database" }).click();

      await expect(page.getByText("database collection").first()).toBeVisible({ timeout: 30_000 });
      const reading = page.getByRole("region", { name: /^Reading options for / });
      const part = reading.getByRole("combobox", { name: "Collection" });
      await expect(part).toHaveValue("careers (361 rows)");
      await part.click();
      await page.getByRole("option", { name: "others (1 row)" }).click();
      await expect(part).toHaveValue("others (1 row)");
      await part.click();
      await page.getByRole("option", { name: "careers (361 rows)" }).click();
      await expect(page.getByText("the first 50 rows are fine")).toBeVisible();
      await page.getByRole("button", { name: "See the plan" }).click();
      await page.getByRole("button", { name: "Import 361 records" }).click();
      await expect(page.getByText("361 records added.", { exact: true })).toBeVisible({ timeout: 30_000 });

      const other = join(server.folder, "other.steward");
      server.cli("--workspace", other, "import", writeRecords(server, "more.json", [career("from-a-file")]));
      await page.getByRole("button", { name: "Import more" }).click();
      await page.getByRole("button", { name: "From a database…" }).first().click();
      const chooser = page.waitForEvent("filechooser");
      await dialog.getByRole("button", { name: "Choose a workspace file" }).click();
      await (await chooser).setFiles(other);
      await expect(page.getByText("database collection").first()).toBeVisible();
      await page.getByRole("button", { name: "See the plan" }).click();
      await expect(page.getByRole("button", { name: "Import 1 record" })).toBeVisible();
    } finally {
      await server.stop();
      await from.stop();
    }
  },
);
