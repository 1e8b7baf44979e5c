/** Every pack is recognised on the page: a right row of it is loaded, a wrong one goes to quarantine. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { packCases } from "../examples.mjs";
import { chooseFiles, expect, goTo, test } from "./kit";

test("rows of every pack are recognised, checked and imported", async ({ app, steward }) => {
  test.setTimeout(240_000);
  const cases = packCases();
  expect(cases).toHaveLength(13);
  await goTo(app, "Imports");
  for (const { pack, rows } of cases) {
    await test.step(pack, async () => {
      const file = join(steward.folder, `${pack}.ndjson`);
      writeFileSync(file, rows);
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
