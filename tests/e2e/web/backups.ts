/** What the tests of the backups page share. */
import { AxeBuilder, expect, type Page, toast } from "./kit";

/** What axe finds serious or critical is an error. */
export async function expectNothingSerious(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`),
    where,
  ).toEqual([]);
}

/** Rows of the list. */
export function listed(page: Page) {
  return page.getByRole("table", { name: "Backups", exact: true }).locator("tbody").getByRole("row");
}

/** Takes a backup by the button. */
export async function backUp(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Back up now" }).first().click();
  await expect(toast(page, /Backup taken: 361 records, /)).toBeVisible();
}
