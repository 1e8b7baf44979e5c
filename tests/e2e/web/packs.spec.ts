/** Every pack is recognised on the page: a right row of it is loaded, a wrong one goes to quarantine. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chooseFiles, expect, goTo, test } from "./kit";

const schemas = resolve(import.meta.dirname, "../../../schemas");
const packs = readdirSync(schemas, { withFileTypes: true }).filter((entry) => entry.isDirectory());

function firstOf(folder: string): unknown {
  const [first] = readdirSync(folder).sort();
  return JSON.parse(readFileSync(join(folder, first ?? "none"), "utf8"));
}

test("rows of every pack are recognised, checked and imported", async ({ app, steward }) => {
  test.setTimeout(240_000);
  expect(packs).toHaveLength(13);
  await goTo(app, "Imports");
  for (const { name: pack } of packs) {
    await test.step(pack, async () => {
      const right = firstOf(join(schemas, pack, "examples/valid"));
      const wrong = firstOf(join(schemas, pack, "examples/invalid")) as { record: unknown };
      const file = join(steward.folder, `${pack}.ndjson`);
      writeFileSync(file, `${JSON.stringify(right)}\n${JSON.stringify(wrong.record)}\n`);
      await chooseFiles(app, file);
      const escaped = pack.replaceAll(".", "\\.");
      await expect(app.getByRole("combobox", { name: "Schema" })).toHaveValue(
        new RegExp(`\\(${escaped}@\\d+\\.\\d+\\.\\d+\\)$`),
      );
      await app.getByRole("button", { name: "See the plan" }).click();
      await app.getByRole("button", { name: "Import 1 record" }).click();
      const newest = () => {
        const [run] = JSON.parse(steward.cli("--json", "runs", "list")).runs;
        return [run.schema.split("@")[0], run.state, run.counts.read, run.counts.quarantined];
      };
      await expect.poll(newest).toEqual([pack, "done", 2, 1]);
      await expect(app.getByText("1 record added", { exact: false }).first()).toBeVisible();
      await app.getByRole("button", { name: "Import more" }).click();
    });
  }
});
