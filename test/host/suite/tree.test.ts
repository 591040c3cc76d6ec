// A whole editor window, driven by keyboard from outside: the trust tree, a manifest out of it, and all Dockerfiles of the folder at once.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { capture, clearMessages, command, lenses, live, message, modal, press, shown, statusBar, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const rows = page.locator('.pane-body .monaco-list-row:visible');
const row = (text: string | RegExp): Promise<unknown> => shown(rows, text);
const focused = async (): Promise<string> => (await page.locator('.pane-body .monaco-list-row.focused:visible').first().getAttribute('aria-label') ?? '').replaceAll('\u00a0', ' ');

/** Goes down the tree by keyboard until a row says so. */
async function goTo(text: string): Promise<void> {
  for (let tries = 0; !(await focused()).includes(text); tries++) {
    assert.ok(tries < 60, `no row "${text}"`);
    await press('ArrowDown');
    await new Promise((done) => { setTimeout(done, 60); });
  }
}

suite('The trust tree, by keyboard', () => {
  suiteSetup(async () => {
    for (const name of ['web', 'jobs']) {
      mkdirSync(join(workspace, name), { recursive: true });
      writeFileSync(join(workspace, name, 'Dockerfile'), `FROM ${host}/shop/base:1.0\nFROM ${host}/shop/queue:0.9\n`);
    }
    await shown(statusBar, 'Restricted Mode');
    await command('Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    await page.getByText('Restricted Mode', { exact: true }).first().waitFor({ state: 'detached' });
    await shown(page.locator('.tab'), 'Dockerfile').then((tab) => tab.click());
    await shown(lenses, 'Signed by release');
  });

  test('shows each image with its verdict, and counts the untrusted ones', async () => {
    await command('Countersign: Focus on Image Trust View');
    await row('shop/base:1.0');
    await shown(page.locator('.activitybar .badge'), /^\d+$/);
    await capture('tree');
    await press('Home', 'ArrowDown');
    await capture('tree2');
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
    await capture('tree-unfolded');
    await command('Preferences: Toggle between Light/Dark Themes');
    await command('Countersign: Focus on Image Trust View');
    await row('Signed by release');
    await capture('tree-unfolded-other-theme');
    await command('Preferences: Toggle between Light/Dark Themes');
  });

  test('opens a manifest as a document that cannot be changed', async () => {
    await command('Countersign: Focus on Image Trust View');
    await goTo('sha256:');
    await press('Shift+F10');
    await page.locator('.monaco-menu-container').getByText('Open Manifest', { exact: true }).click();
    await shown(page.locator('.tab.active'), 'manifest.json');
    await shown(page.locator('.view-lines'), 'schemaVersion');
    await capture('tree-manifest');
  });

  test('verifies all Dockerfiles of the folder and fills Problems', async () => {
    await command('Countersign: Verify All Dockerfiles in Workspace');
    const text = await message('3 Dockerfiles', async () => { await capture('tree-all'); });
    assert.match(text, /distinct images/);
    await command('Countersign: Focus on Image Trust View');
    await press('Home');
    await until('the other files are in the tree', async () => (await rows.allInnerTexts()).some((label) => /jobs/.test(label)));
    await command('Problems: Focus on Problems View');
    await shown(page.locator('.markers-panel .monaco-list-row'), 'jobs');
    await capture('tree-problems');
    assert.equal(await modal.count(), 0);
    await clearMessages();
  });
});
