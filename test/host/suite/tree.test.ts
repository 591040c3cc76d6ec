// A whole editor window, driven by keyboard from outside: the trust tree, a manifest out of it, and all Dockerfiles of the folder at once.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { capture, captureThemes, clearMessages, command, lenses, live, message, modal, openFile, press, shown, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const rows = page.locator('.pane-body .monaco-list-row:visible');
const row = (text: string | RegExp): Promise<unknown> => shown(rows, text);
const focused = async (): Promise<string> => (await page.locator('.pane-body .monaco-list-row.focused:visible').first().getAttribute('aria-label') ?? '').replaceAll('\u00a0', ' ');

/** Goes down the tree by keyboard until a row says so. */
async function goTo(text: string): Promise<void> {
  await press('Home');
  for (let tries = 0; !(await focused()).includes(text); tries++) {
    assert.ok(tries < 60, `no row "${text}": ${await focused()}`);
    await press('ArrowDown');
    await new Promise((done) => { setTimeout(done, 60); });
  }
}

/** The view, then the rows in it; a row has the focus once a key was pressed there. */
async function focusTree(): Promise<void> {
  await command('Countersign: Focus on Image Trust View');
  await until('a row has the focus', async () => {
    await press('Control+0', 'ArrowDown');
    await new Promise((done) => { setTimeout(done, 300); });
    return await page.locator('.pane-body .monaco-list-row.focused:visible').count() > 0;
  });
}

suite('The trust tree, by keyboard', () => {
  suiteSetup(async () => {
    for (const name of ['web', 'jobs']) {
      mkdirSync(join(workspace, name), { recursive: true });
      writeFileSync(join(workspace, name, 'Dockerfile'), `FROM ${host}/shop/base:1.0\nFROM ${host}/shop/queue:0.9\n`);
    }
    await shown(page.locator('.statusbar-item'), 'Restricted Mode', 80_000);
    await command('Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    await page.getByText('Restricted Mode', { exact: true }).first().waitFor({ state: 'detached' });
    await openFile('Dockerfile');
    await shown(lenses, 'Signed by release');
  });

  test('shows each image with its verdict, and counts the untrusted ones', async () => {
    await command('Countersign: Focus on Image Trust View');
    await row('shop/base:1.0');
    await shown(page.locator('.activitybar .badge'), /^\d+$/);
    await focusTree();
    await press('Home', 'ArrowDown');
    assert.match(await focused(), /shop\/base:1\.0.*Signed by release/);
    await capture('tree');
  });

  test('unfolds to policies, signatures and what the registry holds', async () => {
    await press('ArrowRight');
    await row('Signed by release');
    await goTo('sha256:');
    const before = registry.requests.length;
    await press('ArrowRight');
    await row('Signature');
    assert.ok(registry.requests.length > before);
    await captureThemes('tree-unfolded');
  });

  test('opens a manifest as a document that cannot be changed', async () => {
    // A menu that is still being drawn may swallow the click: a person does it again.
    await until('the manifest is open', async () => {
      await focusTree();
      await goTo('sha256:');
      await press('Shift+F10');
      try {
        await page.locator('.monaco-menu-container').getByText('Open Manifest', { exact: true }).click({ timeout: 5000 });
        await page.locator('.tab.active').filter({ hasText: 'manifest.json' }).first().waitFor({ timeout: 8000 });
        return true;
      } catch {
        await press('Escape');
        return false;
      }
    }, 80_000);
    await shown(page.locator('.view-lines'), 'schemaVersion');
    await capture('tree-manifest');
  });

  test('verifies all Dockerfiles of the folder and fills Problems', async () => {
    await command('Countersign: Verify All Dockerfiles in Workspace');
    const text = await message('3 Dockerfiles', async () => { await capture('tree-all'); });
    assert.match(text, /distinct images/);
    await focusTree();
    await press('Home');
    await until('the other files are in the tree', async () => (await rows.allInnerTexts()).some((label) => /jobs/.test(label)));
    await command('Problems: Focus on Problems View');
    await page.locator('.markers-panel').first().waitFor();
    await press('End');
    await shown(page.locator('.markers-panel .monaco-list-row'), 'jobs');
    await capture('tree-problems');
    assert.equal(await modal.count(), 0);
    await clearMessages();
  });
});
