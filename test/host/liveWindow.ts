// A whole editor window, seen and driven from outside as a person does: by keyboard, with its messages and modal questions. test/editor/liveWindow.mjs opens it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import type { Demo } from '../demo/demo.ts';
import type { OnlyWay } from './onlyWay.ts';

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
/** Long enough for a computer that does much else; what happens at once is seen at once. */
const patienceMs = 45_000;
page.setDefaultTimeout(patienceMs);

const questions = page.locator('.quick-input-widget:visible');
export const modal = page.locator('.monaco-dialog-box:visible');
export const statusBar = page.locator('.statusbar-item:visible');
export const lenses = page.locator('.codelens-decoration');

export async function capture(name: string): Promise<void> {
  await page.screenshot({ path: join(live.screenshots, `${name}.png`) });
}

/** The same in every kind of theme: `NAME.png`, `NAME-dark.png`, `NAME-high-contrast.png`. */
export async function captureThemes(name: string): Promise<void> {
  const workbench = (theme: string): Promise<void> => page.locator(`.monaco-workbench.${theme}`).waitFor();
  await capture(name);
  await page.emulateMedia({ colorScheme: 'dark' });
  await workbench('vs-dark');
  await capture(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'dark', forcedColors: 'active' });
  await workbench('hc-black');
  await capture(`${name}-high-contrast`);
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  await workbench('vs');
}

export async function press(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key);
}

export async function until(what: string, look: () => boolean | Promise<boolean>, limitMs = patienceMs): Promise<void> {
  for (const deadline = Date.now() + limitMs; !await look();) {
    if (Date.now() > deadline) throw new Error(`did not happen: ${what}`);
    await new Promise((done) => { setTimeout(done, 50); });
  }
}

export async function shown(within: Locator, text: string | RegExp, limitMs = patienceMs): Promise<Locator> {
  const first = within.filter({ hasText: text }).first();
  await first.waitFor({ state: 'visible', timeout: limitMs });
  return first;
}

/** From here on a click of the mouse is an error: what a suite does then can be done without one. */
export function keyboardOnly(): void {
  const refuse = (): never => { throw new Error('this is to be done by keyboard'); };
  Object.assign(page.mouse, { click: refuse, dblclick: refuse, down: refuse });
  Object.assign(Object.getPrototypeOf(page.locator('body')) as object, { click: refuse, dblclick: refuse });
}

/** Trusts the folder, by keyboard. */
export async function trustFolder(): Promise<void> {
  await shown(statusBar, 'Restricted Mode', 80_000);
  await command('Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor').waitFor();
  await until('the folder is trusted', async () => {
    await press('Control+Enter');
    await new Promise((done) => { setTimeout(done, 500); });
    return await statusBar.filter({ hasText: 'Restricted Mode' }).count() === 0;
  });
}

/** Runs a command from the palette. */
export async function command(title: string): Promise<void> {
  await palette('F1', `>${title}`, title);
}

/** Opens a file of the folder by its name; others whose names hold it may have been opened later, and stand before it. */
export async function openFile(name: string): Promise<void> {
  // By its whole path: the search for names may know less than the disk.
  await palette('Control+P', join(live.demo.description.workspace, name), name, async () => {
    const focused = questions.locator('.monaco-list-row.focused .label-name');
    for (let tries = 0; tries < 10; tries++) {
      if (await focused.first().innerText() === name) return;
      await press('ArrowDown');
      await new Promise((done) => { setTimeout(done, 50); });
    }
    throw new Error(`${name} cannot be reached`);
  });
  await page.locator(`.tab.active[data-resource-name="${name}"]`).first().waitFor();
}

async function palette(key: string, text: string, row: string, choose: () => Promise<void> = () => Promise.resolve()): Promise<void> {
  // While something else takes the focus a key may go nowhere, and a list that closes takes the text with it: a person does it again.
  await questionsGone();
  const input = questions.locator('input').first();
  await until(`${row} is offered`, async () => {
    try {
      if (await questions.count() === 0) await press(key);
      await input.fill(text, { timeout: 1500 });
      await questions.locator('.monaco-list-row').first().filter({ hasText: row }).waitFor({ timeout: 3000 });
      await choose();
      return true;
    } catch {
      // A list that found nothing does not look again.
      await press('Escape');
      return false;
    }
  });
  await press('Enter');
}

/** Waits for a question; `says` is a part of its title, its prompt, a choice or the field's placeholder. */
export async function question(...says: readonly string[]): Promise<void> {
  for (const text of says) await questions.filter({ hasText: text }).or(questions.filter({ has: page.getByPlaceholder(text) })).first().waitFor({ state: 'visible' });
}

/** What is typed replaces what stands there. */
export async function type(text: string): Promise<void> {
  await press('Control+A');
  await page.keyboard.type(text, { delay: 5 });
}

/** Goes down in the list to a choice and takes it. */
export async function pick(label: string): Promise<void> {
  const focused = questions.locator('.monaco-list-row.focused');
  await shown(questions.locator('.monaco-list-row'), label);
  for (let tries = 0; ; tries++) {
    if (await focused.count() > 0 && (await focused.first().innerText()).replaceAll('\u00a0', ' ').includes(label)) break;
    assert.ok(tries < 30, `${label} cannot be reached`);
    await press('ArrowDown');
    await new Promise((done) => { setTimeout(done, 50); });
  }
  await press('Enter');
}

/** Waits for a message, reads it whole and takes it away. @param take what happens before it goes */
export async function message(says: string | RegExp, take?: (toast: Locator) => Promise<void>): Promise<string> {
  const toast = await shown(page.locator('.notification-toast'), says);
  const text = (await toast.innerText()).replaceAll('\u00a0', ' ');
  await take?.(toast);
  return text;
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
