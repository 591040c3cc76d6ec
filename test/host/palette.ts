// What opens over the window and holds a list: the palette, the search for a file. Keys only, and again where one went nowhere.
import type { Page } from 'playwright-core';
import { eventually } from './eventually.ts';

export interface Taken {
  /** Opens the list: `F1`, `Control+P`. */
  readonly key: string;
  /** What is typed into it. */
  readonly text: string;
  /** What the first row says then. */
  readonly row: string;
  /** Goes from the first row to the wanted one; rejects when it is not there. */
  readonly choose?: () => Promise<void>;
}

/** Opens a list, narrows it down and takes a row. While something else takes the focus a key may go nowhere, and a list that closes takes the text with it: a person does it again. */
export async function takeFromList(page: Page, { key, text, row, choose }: Taken): Promise<void> {
  const questions = page.locator('.quick-input-widget:visible');
  await eventually('the questions are gone', async () => await questions.count() === 0);
  await eventually(`${row} is offered`, async () => {
    try {
      if (await questions.count() === 0) await page.keyboard.press(key);
      await questions.locator('input').first().fill(text, { timeout: 1500 });
      await questions.locator('.monaco-list-row').first().filter({ hasText: row }).waitFor({ timeout: 3000 });
      await choose?.();
      return true;
    } catch {
      // A list that found nothing does not look again.
      await page.keyboard.press('Escape');
      return false;
    }
  });
  await page.keyboard.press('Enter');
}
