/** What the tests of the backups page share. */
import { expect, type Page, toast } from "./kit";

/** Rows of the list. */
export function listed(page: Page) {
  return page.getByRole("table", { name: "Backups", exact: true }).locator("tbody").getByRole("row");
}

/** Takes a backup by the button. */
export async function backUp(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Back up now" }).first().click();
  await expect(toast(page, /Backup taken: 361 records, /)).toBeVisible();
}
