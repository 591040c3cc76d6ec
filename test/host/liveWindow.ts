// A whole editor window, seen and driven from outside as a person with a keyboard and no mouse does, with its messages and modal questions. test/editor/liveWindow.mjs opens it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Demo } from '../demo/demo.ts';
import { eventually, patienceMs, pause } from './eventually.ts';
import type { OnlyWay } from './onlyWay.ts';
import { takeFromList } from './palette.ts';

interface Live {
  readonly page: Page;
  readonly screenshots: string;
  readonly demo: Demo;
  /** The folder in which the extension looks for `config.json`. */
  readonly dockerConfig: string;
  /** Of the suite about networking. */
  readonly onlyWay?: OnlyWay;
  /** Everything the editor and the browser write for themselves. */
  readonly folders: readonly string[];
}

const found = (globalThis as { readonly countersignLive?: Live }).countersignLive;
assert.ok(found, 'this suite needs a window of its own: node test/run.mjs host');
export const live: Live = found;
const { page } = live;
page.setDefaultTimeout(patienceMs);
takeTheMouseAway();

const questions = page.locator('.quick-input-widget:visible');
export const modal = page.locator('.monaco-dialog-box:visible');
export const statusBar = page.locator('.statusbar-item:visible');
export const lenses = page.locator('.codelens-decoration');

export async function capture(name: string): Promise<void> {
  await page.screenshot({ path: join(live.screenshots, `${name}.png`) });
}

/** The same in every kind of theme: `NAME.png`, `NAME-dark.png`, `NAME-high-contrast.png`, `NAME-high-contrast-light.png`. */
export async function captureThemes(name: string): Promise<void> {
  const workbench = (theme: string): Promise<void> => page.locator(`.monaco-workbench.${theme}`).waitFor();
  await capture(name);
  await page.emulateMedia({ colorScheme: 'dark' });
  await workbench('vs-dark');
  await capture(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'dark', forcedColors: 'active' });
  await workbench('hc-black');
  await capture(`${name}-high-contrast`);
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
  await workbench('hc-light');
  await capture(`${name}-high-contrast-light`);
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  await workbench('vs');
}

export async function press(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = patienceMs): Promise<void> {
  await eventually(what, look, limitMs);
}

export async function shown(within: Locator, text: string | RegExp, limitMs = patienceMs): Promise<Locator> {
  const first = within.filter({ hasText: text }).first();
  await first.waitFor({ state: 'visible', timeout: limitMs });
  return first;
}

/** Every way to point or click is an error, in every suite: what they do can be done without. */
function takeTheMouseAway(): void {
  const ways = ['click', 'dblclick', 'down', 'up', 'move', 'wheel', 'hover', 'tap', 'check', 'uncheck', 'setChecked', 'selectOption', 'dragTo', 'dragAndDrop'];
  const refused = (): Promise<never> => Promise.reject(new Error('this is to be done by keyboard'));
  for (const holder of [page, page.mouse, page.touchscreen, Object.getPrototypeOf(page.locator('body')) as object]) {
    Object.assign(holder, Object.fromEntries(ways.filter((way) => way in holder).map((way) => [way, refused])));
  }
}

/** Trusts the folder. */
export async function trustFolder(): Promise<void> {
  await shown(statusBar, 'Restricted Mode', 80_000);
  await command('Workspaces: Manage Workspace Trust');
  await trustInEditor();
}

/** Trusts the folder where "Manage Workspace Trust" has led. */
export async function trustInEditor(): Promise<void> {
  await page.locator('.workspace-trust-editor').waitFor();
  await until('the folder is trusted', async () => {
    await press('Control+Enter');
    await pause(500);
    return await statusBar.filter({ hasText: 'Restricted Mode' }).count() === 0;
  });
}

/** Runs a command from the palette. */
export async function command(title: string): Promise<void> {
  await takeFromList(page, { key: 'F1', text: `>${title}`, row: title });
}

/** Opens a file of the folder by its name; others whose names hold it may have been opened later, and stand before it. */
export async function openFile(name: string): Promise<void> {
  // By its whole path: the search for names may know less than the disk.
  const choose = async (): Promise<void> => {
    const focused = questions.locator('.monaco-list-row.focused .label-name');
    for (let tries = 0; tries < 10; tries++) {
      if (await focused.first().innerText() === name) return;
      await press('ArrowDown');
      await pause(50);
    }
    throw new Error(`${name} cannot be reached`);
  };
  await takeFromList(page, { key: 'Control+P', text: join(live.demo.description.workspace, name), row: name, choose });
  await page.locator(`.tab.active[data-resource-name="${name}"]`).first().waitFor();
}

/** Waits for a question; `says` is a part of its title, its prompt, a choice or the field's placeholder. */
export async function question(...says: readonly string[]): Promise<void> {
  for (const text of says) await asking(text).waitFor({ state: 'visible' });
}

const asking = (text: string): Locator => questions.filter({ hasText: text }).or(questions.filter({ has: page.getByPlaceholder(text) })).first();

/** Types into a question; what is typed replaces what stands there. What a question that is still being drawn has swallowed is typed again. */
export async function type(text: string): Promise<void> {
  await until(`${text.length} characters are typed`, async () => {
    await press('Control+A');
    await page.keyboard.type(text, { delay: 5 });
    return await questions.locator('input').first().inputValue() === text;
  });
}

/** Names a file where one is to be chosen. The list of files takes no answer while it reads a folder: a person gives it again. */
export async function chooseFile(title: string, path: string, next: string): Promise<void> {
  await question(title);
  await until(`${path} is chosen`, async () => {
    if (await asking(title).count() > 0) {
      await type(path);
      await press('Enter');
    }
    return asking(next).waitFor({ timeout: 8000 }).then(() => true, () => false);
  });
}

/** Goes down in the list to a choice and takes it. */
export async function pick(label: string): Promise<void> {
  const focused = questions.locator('.monaco-list-row.focused');
  await shown(questions.locator('.monaco-list-row'), label);
  for (let tries = 0; ; tries++) {
    if (await focused.count() > 0 && (await focused.first().innerText()).replaceAll('\u00a0', ' ').includes(label)) break;
    assert.ok(tries < 30, `${label} cannot be reached`);
    await press('ArrowDown');
    await pause(50);
  }
  await press('Enter');
}

/** Waits for a message and reads it whole. */
export async function message(says: string | RegExp): Promise<string> {
  const toast = await shown(page.locator('.notification-toast'), says);
  return (await toast.innerText()).replaceAll('\u00a0', ' ');
}

/** Chooses the first button of the newest message. */
export async function takeOffer(button: string): Promise<void> {
  const toast = page.locator('.notification-toast');
  assert.equal((await toast.locator('.monaco-button').first().innerText()).trim(), button);
  await command('Notifications: Accept Notification Primary Action');
}

/** Opens the menu of what has the focus and chooses from it. A menu that is still being drawn may swallow a key: `again` leads back to the place then. */
export async function chooseFromMenu(item: string, again: () => Promise<void>, happens: () => Promise<unknown>, drawn: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  const chosen = page.locator('.monaco-menu-container .action-item.focused .action-label').first();
  await until(`${item} is chosen`, async () => {
    await again();
    await press('Shift+F10');
    try {
      await page.locator('.monaco-menu-container').getByText(item, { exact: true }).waitFor({ timeout: 5000 });
      for (let tries = 0; await chosen.count() === 0 || (await chosen.innerText()).trim() !== item; tries++) {
        if (tries > 60) throw new Error(`${item} cannot be reached`);
        await press('ArrowDown');
        await pause(60);
      }
      await drawn();
      await press('Enter');
      await happens();
      return true;
    } catch {
      await press('Escape');
      return false;
    }
  }, 80_000);
}

/** Presses a key until what has the focus is named so. */
export async function goWith(key: string, name: string | RegExp): Promise<void> {
  for (let tries = 0; ; tries++) {
    const at = (await page.evaluate<string>(focusedName)).replaceAll('\u00a0', ' ');
    if (typeof name === 'string' ? at.includes(name) : name.test(at)) return;
    assert.ok(tries < 80, `${String(name)} cannot be reached with ${key}: ${at}`);
    await press(key);
    await pause(60);
  }
}

/** Runs in the window: what a screen reader calls the focused element; of a list, its focused row. */
const focusedName = `(() => {
  let at = document.activeElement;
  const row = at?.getAttribute('aria-activedescendant');
  if (row) at = document.getElementById(row) ?? at;
  return at?.getAttribute('aria-label') ?? at?.textContent ?? '';
})()`;

/** The text of the active editor has the focus. */
export async function focusEditor(): Promise<void> {
  await command('View: Focus Active Editor Group');
  await questionsGone();
  await page.locator('.editor-group-container.active .monaco-editor.focused').first().waitFor();
}

/** Puts the cursor at `line,column`. Nothing is typed before the question is there: it would change the file. */
export async function goToPlace(place: string): Promise<void> {
  await until('a place is asked for', async () => {
    await press('Control+G');
    return questions.first().waitFor({ timeout: 3000 }).then(() => true, () => false);
  });
  await page.keyboard.type(place);
  await press('Enter');
  await questionsGone();
}

/** Shows the hover at `line,column`. A key goes nowhere while something else has the focus: a person does it again. */
export async function hoverAt(place: string, says: string): Promise<void> {
  await until(`the hover says ${says}`, async () => {
    await goToPlace(place);
    await press('Control+k', 'Control+i');
    const found = await shown(page.locator('.monaco-hover:visible'), says, 3000).catch(() => undefined);
    if (!found) await press('Escape');
    return found !== undefined;
  });
}

/** Answers a modal question with its first button, once that has the focus: a key pressed earlier goes nowhere. */
export async function accept(): Promise<void> {
  await modal.locator('.monaco-button:focus').first().waitFor({ state: 'visible' });
  await press('Enter');
  await modal.first().waitFor({ state: 'detached' });
}

export async function clearMessages(): Promise<void> {
  await command('Notifications: Clear All Notifications');
  await page.locator('.notification-toast').first().waitFor({ state: 'detached' });
}

export async function questionsGone(): Promise<void> {
  await until('the questions are gone', async () => await questions.count() === 0);
}
