import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseFiles, dropFile, expect, goTo, type Page, type Server, test, toast } from "./kit";

const plants = {
  title: "Plant",
  description: "A plant of the garden.",
  type: "object",
  required: ["plant_id", "name"],
  properties: {
    plant_id: { type: "string", title: "Plant id" },
    name: { type: "string", minLength: 2, title: "Name" },
    height: { type: "number", maximum: 120, title: "Height" },
  },
};

function write(steward: Server, name: string, content: object): string {
  const path = join(steward.folder, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

async function offer(app: Page, path: string) {
  const chooser = app.waitForEvent("filechooser");
  await app.getByRole("button", { name: "Add a schema" }).click();
  await (await chooser).setFiles(path);
  return app.getByRole("dialog", { name: /^Add a schema/ });
}

test("a workspace's own schema is added, used by an import, kept as it is, and shows its versions", async ({
  app,
  steward,
}) => {
  await goTo(app, "Schemas");
  let dialog = await offer(app, write(steward, "broken.json", { properties: { id: { type: "txt" } } }));
  await expect(dialog.getByText("/properties/id/type")).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Add the schema" })).toBeDisabled();
  await dialog.getByRole("button", { name: "Cancel" }).click();

  dialog = await offer(app, write(steward, "plants.json", plants));
  await expect(dialog.getByRole("textbox", { name: "Name" })).toHaveValue("plant");
  await expect(dialog.getByRole("textbox", { name: "Key" })).toHaveValue("plant_id");
  await dialog.getByRole("textbox", { name: "Collection" }).fill("plants");
  await expect(dialog.getByRole("button", { name: "Add the schema" })).toBeEnabled();
  await dialog.getByRole("button", { name: "Add the schema" }).click();
  await expect(toast(app, "plant@1.0.0 added")).toBeVisible();
  await expect(app.getByRole("link", { name: /Plant .*added here/ })).toBeVisible();

  await goTo(app, "Imports");
  const rows = [
    { plant_id: "p-1", name: "Rose", height: 2 },
    { plant_id: "p-2", name: "Fir", height: 400 },
  ];
  await chooseFiles(app, write(steward, "rows.json", rows));
  await expect(app.getByRole("combobox", { name: "Schema" })).toHaveValue("Plant (plant@1.0.0)");
  await expect(app.getByText("1 of the first 2 rows has problems")).toBeVisible();
  await app.getByRole("button", { name: "See the plan" }).click();
  await app.getByRole("button", { name: "Import 1 record" }).click();
  await expect(app.getByRole("button", { name: "Review 1 row in quarantine" })).toBeVisible();

  await goTo(app, "Schemas");
  const taller = { ...plants, properties: { ...plants.properties, planted: { type: "string" } } };
  dialog = await offer(app, write(steward, "plants.json", taller));
  await dialog.getByRole("textbox", { name: "Collection" }).fill("plants");
  await dialog.getByRole("button", { name: "Add the schema" }).click();
  await expect(dialog.getByText("a version that is used never changes")).toBeVisible();
  await dialog.getByRole("textbox", { name: "Version" }).fill("1.1.0");
  await dialog.getByRole("button", { name: "Add the schema" }).click();
  await expect(toast(app, "plant@1.1.0 added")).toBeVisible();

  // One card for the pack, with both versions.
  const card = app.getByRole("article").filter({ hasText: "plant@" });
  await expect(card).toHaveCount(1);
  await expect(card.getByRole("link", { name: "1.0.0", exact: true })).toBeVisible();
  await app.getByRole("link", { name: /plant@1\.1\.0/ }).click();
  await app.getByRole("radiogroup", { name: "Part of the schema" }).getByText("Changes").click();
  await expect(app.getByText("planted is new.")).toBeVisible();
  await app.getByRole("button", { name: "Remove…" }).click();
  await app.getByRole("dialog").getByRole("button", { name: "Remove the schema" }).click();
  await expect(toast(app, "plant@1.1.0 removed")).toBeVisible();
});

test("a schema dropped on its page is looked at before it is added", async ({ app }) => {
  await goTo(app, "Schemas");
  await dropFile(app, "plants.json", JSON.stringify(plants));
  const dialog = app.getByRole("dialog", { name: /^Add a schema/ });
  await expect(dialog.getByRole("textbox", { name: "Key" })).toHaveValue("plant_id");
  await dialog.getByRole("textbox", { name: "Collection" }).fill("plants");
  await dialog.getByRole("button", { name: "Add the schema" }).click();
  await expect(toast(app, "plant@1.0.0 added")).toBeVisible();
});
