// A whole editor window, driven by keyboard from outside: the trust tree, a manifest out of it, and all Dockerfiles of the folder at once.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { pause } from '../eventually.ts';
import { capture, captureThemes, chooseFromMenu, clearMessages, command, goWith, lenses, live, message, modal, openFile, press, shown, trustFolder, until } from '../liveWindow.ts';

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
    await pause(60);
  }
}

const menu = (rowText: string, item: string, happens: () => Promise<unknown>): Promise<void> => chooseFromMenu(item, async () => {
  await focusTree();
  await goTo(rowText);
}, happens);

const tab = (text: string | RegExp): Promise<unknown> => page.locator('.tab.active').filter({ hasText: text }).first().waitFor({ timeout: 8000 });

/** Typing there changes nothing, and the editor says why. */
async function cannotBeChanged(says: string): Promise<void> {
  await command('View: Focus Active Editor Group');
  await press('Control+Home');
  await page.keyboard.type('zzz');
  await shown(page.locator('.monaco-editor-overlaymessage'), /read-only/i);
  await shown(page.locator('.view-lines'), says);
  assert.doesNotMatch(await page.locator('.view-lines').first().innerText(), /zzz/);
  assert.equal(await page.locator('.tab.active.dirty').count(), 0);
}

/** The view, then the rows in it; a row has the focus once a key was pressed there. */
async function focusTree(): Promise<void> {
  await command('Countersign: Focus on Image Trust View');
  await until('a row has the focus', async () => {
    await press('Control+0', 'ArrowDown');
    await pause(300);
    return await page.locator('.pane-body .monaco-list-row.focused:visible').count() > 0;
  });
}

suite('The trust tree, by keyboard', () => {
  suiteSetup(async () => {
    for (const name of ['web', 'jobs']) {
      mkdirSync(join(workspace, name), { recursive: true });
      writeFileSync(join(workspace, name, 'Dockerfile'), `FROM ${host}/shop/base:1.0\nFROM ${host}/shop/queue:0.9\n`);
    }
    await trustFolder();
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
    // Not "Signed by …, legacy signature": that row stands there before anything is asked.
    await row(/Signature\s*(?:tag|referrer) ·/);
    assert.ok(registry.requests.length > before);
    await captureThemes('tree-unfolded');
  });

  test('opens a manifest as a document that cannot be changed', async () => {
    await menu('sha256:', 'Open Manifest', () => tab('manifest.json'));
    await shown(page.locator('.view-lines'), 'schemaVersion');
    await cannotBeChanged('schemaVersion');
    await capture('tree-manifest');
  });

  test('opens the payload of a signature, which cannot be changed either', async () => {
    await menu('Signed by release, legacy', 'Open Payload', () => tab('payload.json'));
    await shown(page.locator('.view-lines'), 'docker-manifest-digest');
    await cannotBeChanged('docker-manifest-digest');
    await capture('tree-payload');
  });

  test('copies the digest of a row', async () => {
    await page.evaluate('navigator.clipboard.writeText("nothing yet")');
    await menu('shop/base:1.0', 'Copy Digest', async () => {
      await until('the digest is on the clipboard', async () => /^sha256:[0-9a-f]{64}$/.test(await page.evaluate<string>('navigator.clipboard.readText()')), 8000);
    });
    await shown(page.locator('.statusbar-item:visible'), 'Copied sha256:');
    await capture('tree-copied');
  });

  test('explains the trust of an image in one document', async () => {
    await menu('shop/base:1.0', 'Explain Trust of This Image', () => tab('Trust of'));
    await page.locator('iframe.webview').last().contentFrame().locator('iframe').contentFrame().getByText('Signed by release').first().waitFor();
    await capture('tree-explained');
  });

  test('asks the registry anew on Refresh', async () => {
    await openFile('Dockerfile');
    await focusTree();
    const before = registry.requests.length;
    // The buttons in the title of the view stand before its rows: one of them can be come to, the others beside it.
    await goWith('Shift+Tab', /^Verify All Dockerfiles/);
    await goWith('ArrowRight', /^Refresh/);
    await press('Enter');
    await until('the registry is asked', () => registry.requests.length > before);
    await row(/Signature\s*(?:tag|referrer) ·/);
    await capture('tree-refreshed');
  });

  test('verifies all Dockerfiles of the folder and fills Problems', async () => {
    await command('Countersign: Verify All Dockerfiles in Workspace');
    const text = await message('3 Dockerfiles');
    await capture('tree-all');
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
