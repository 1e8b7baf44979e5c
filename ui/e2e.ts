/** The end-to-end tests live outside this folder; their libraries are installed here. */
export { AxeBuilder } from "@axe-core/playwright";
export { expect, type Locator, type Page, test } from "@playwright/test";
