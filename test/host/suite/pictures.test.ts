// Takes the pictures of the README and the walkthrough in a whole editor window, in every kind of theme: docs/images/NAME-THEME.png.
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import type { Locator } from 'playwright-core';
import { generatePrivateKey, type PrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signBundle, signLegacy } from '../../demo/signing.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { clearMessages, command, goWith, lenses, live, modal, openFile, pick, press, question, questionsGone, shown, trustFolder, type, until } from '../liveWindow.ts';
import { smallPng } from '../smallPng.ts';

const { page, screenshots, demo: { description: { workspace } } } = live;
const folder = process.env['COUNTERSIGN_PICTURES'] ?? screenshots;
const path = (name: string): string => join(workspace, name);
const questionBox = page.locator('.quick-input-widget:visible');
const hover = page.locator('.monaco-hover:visible');
const rows = page.locator('.pane-body .monaco-list-row:visible');

interface Clip { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

/** One picture in each kind of theme. @param highContrast where those go that only the walkthrough shows */
async function picture(name: string, clip: () => Promise<Clip>, highContrast = folder): Promise<void> {
  const take = async (theme: string, file: string): Promise<void> => {
    await page.locator(`.monaco-workbench.${theme}`).waitFor();
    // A theme in high contrast has other edges: the window is laid out anew.
    await until('the window is whole', async () => {
      const [box, size] = [await page.locator('.part.statusbar').boundingBox(), page.viewportSize()];
      return box !== null && size !== null && box.x === 0 && Math.round(box.width) === size.width && Math.round(box.y + box.height) === size.height;
    });
    // Colours change one after the other; messages and lists fade.
    await page.waitForTimeout(700);
    writeFileSync(file, smallPng(await page.screenshot({ clip: await clip(), caret: 'hide' })));
  };
  await take('vs', join(folder, `${name}-light.png`));
  await page.emulateMedia({ colorScheme: 'dark' });
  await take('vs-dark', join(folder, `${name}-dark.png`));
  await page.emulateMedia({ colorScheme: 'dark', forcedColors: 'active' });
  await take('hc-black', join(highContrast, `${name}-high-contrast.png`));
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
  await take('hc-light', join(highContrast, `${name}-high-contrast-light.png`));
  await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  await page.locator('.monaco-workbench.vs').waitFor();
}

const around = (place: Locator, margin: number) => async (): Promise<Clip> => {
  const box = await place.first().boundingBox();
  const size = page.viewportSize();
  if (!box || !size) throw new Error('what is to be on the picture is not on screen');
  const [x, y] = [Math.max(0, Math.floor(box.x - margin)), Math.max(0, Math.floor(box.y - margin))];
  return { x, y, width: Math.min(size.width - x, Math.ceil(box.width + 2 * margin)), height: Math.min(size.height - y, Math.ceil(box.height + 2 * margin)) };
};

const editor = page.locator('.part.editor');
const sidebar = page.locator('.part.sidebar');
const window = { width: 900, height: 470 };

suite('The pictures', () => {
  const keys: Record<string, PrivateKey> = {};
  let registry: TestRegistry;
  let mirror: TestRegistry;
  let host = '';

  const key = (name: string): PrivateKey => {
    const found = keys[name];
    if (!found) throw new Error(name);
    return found;
  };
  const put = (repository: string, tag: string, legacy: readonly string[], bundles: readonly string[] = [], content?: string): void => {
    const image = registry.store.putImage(repository, tag, content);
    for (const name of legacy) signLegacy({ store: registry.store, host, repository, image }, key(name));
    for (const name of bundles) signBundle({ store: registry.store, host, repository, image }, key(name));
  };

  suiteSetup(async () => {
    await page.setViewportSize(window);
    registry = await startRegistry({ port: 5000 });
    mirror = await startRegistry({ port: 5001 });
    host = registry.host.replace('127.0.0.1', 'localhost');
    for (const name of ['release', 'security', 'tools', 'partner']) {
      keys[name] = await generatePrivateKey();
      writeFileSync(path(`keys/${name}.pub`), key(name).publicKey.pem);
    }
    for (const name of ['build', 'stranger']) rmSync(path(`keys/${name}.pub`));
    rmSync(path('README.md'));
    put('shop/base', '1.0', ['release'], ['release']);
    put('shop/api', '2.1', ['release'], ['security'], 'x'.repeat(24_000_000));
    put('shop/queue', '0.9', []);
    put('shop/payment', '3.2', ['release']);
    put('tools/certificates', '2026', ['partner']);
    writeFileSync(path('Dockerfile'), [
      `ARG REGISTRY=${host}`,
      'FROM ${REGISTRY}/shop/base:1.0 AS base',
      'FROM ${REGISTRY}/shop/api:2.1 AS api',
      'FROM ${REGISTRY}/shop/payment:3.2 AS payment',
      'FROM ${REGISTRY}/shop/queue:0.9 AS queue',
      'FROM ${REGISTRY}/shop/reports:1.0 AS reports',
      'FROM base',
      `COPY --from=${host}/tools/certificates:2026 /certs /certs`,
      'COPY --from=api /srv /srv', '',
    ].join('\n'));
    writeFileSync(path('.vscode/settings.json'), [
      '{', '  // Whom this folder trusts', '  "countersign.keys": {', '    "release": "keys/release.pub",', '    "security": "keys/security.pub",', '    "tools": "keys/tools.pub"', '  },',
      '  // Which images they must have signed', '  "countersign.policies": [',
      `    { "name": "shop", "images": ["${host}/shop/**"], "keys": ["release"] },`,
      `    { "name": "reviewed", "keys": ["release", "security"], "require": "all",`, `      "images": ["${host}/shop/api", "${host}/shop/payment"] },`,
      `    { "name": "tools", "images": ["${host}/tools/**"], "keys": ["tools"] }`, '  ]', '}', '',
    ].join('\n'));
    await trustFolder();
    await command('View: Close All Editors');
    await command('View: Toggle Primary Side Bar Visibility');
    await openFile('Dockerfile');
    await shown(lenses, 'Signed by release and security');
  });
  suiteTeardown(async () => { await Promise.all([registry.close(), mirror.close()]); });

  test('verdicts: what stands above and under each image, and the status bar', async () => {
    await shown(lenses, '1 of 2 signers');
    await shown(lenses, 'Could not check');
    await shown(page.locator('.statusbar-item'), 'untrusted');
    await picture('verdicts', () => Promise.resolve({ x: 0, y: 0, ...window }));
  });

  test('hover: the evidence', async () => {
    // The editor gives a hover a quarter of its height.
    await page.setViewportSize({ width: 900, height: 2200 });
    await goTo('3:25');
    await until('the hover is there', async () => {
      await press('Control+k', 'Control+i');
      return await shown(hover, 'security: present', 3000).then(() => true, () => false);
    });
    const { scrollHeight, clientHeight } = await page.evaluate<{ scrollHeight: number; clientHeight: number }>("(({ scrollHeight, clientHeight }) => ({ scrollHeight, clientHeight }))(document.querySelector('.monaco-hover:not(.hidden) .monaco-hover-content'))");
    assert.ok(clientHeight > 0 && scrollHeight <= clientHeight, `of ${scrollHeight} pixels of the hover ${clientHeight} are on the picture`);
    await picture('hover', around(hover, 12));
    await press('Escape');
    await page.setViewportSize(window);
  });

  test('policy: the settings that a folder shares', async () => {
    await command('Preferences: Open Workspace Settings (JSON)');
    await shown(page.locator('.view-lines'), 'countersign.policies');
    await picture('policy', async () => ({ ...await around(editor, 0)(), height: 345 }));
  });

  test('trust-key: a key with its fingerprint', async () => {
    await openFile('Dockerfile');
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(key('partner').publicKey.pem)})`);
    await command('Countersign: Add Trusted Key…');
    await question('Where is the public key?');
    await pick('Use the Clipboard');
    await question('A name for the key');
    await type('partner');
    await picture('trust-key', around(questionBox, 14));
    await press('Escape');
    await questionsGone();
  });

  test('make-keys: the password of a new pair', async () => {
    await command('Countersign: Generate Key Pair…');
    await question('In which folder');
    await pick('shop');
    await question('A name for the two files');
    await type('team');
    await press('Enter');
    await question('A password for the private key');
    await type('correct horse');
    await picture('make-keys', around(questionBox, 14));
    await press('Enter');
    await question('The same password again');
    await type('correct horse');
    await press('Enter');
    await question('Wrote team.key and team.pub');
    await press('Escape');
    await questionsGone();
  });

  test('sign: what will be written', async () => {
    await command('Countersign: Sign Image…');
    await question('Which image?');
    await type(`${host}/shop/queue:0.9`);
    await pick(`${host}/shop/queue:0.9`);
    await question('Which private key signs?');
    await pick('team.key');
    await question('Password of team.key');
    await type('correct horse');
    await press('Enter');
    await question('In which format?');
    await pick('Both');
    await question('An annotation to sign as well');
    await press('Enter');
    await shown(modal, 'Nothing is uploaded to a transparency log.');
    await clearOfMessages();
    await picture('sign', around(modal, 14));
    await press('Escape');
    await until('the question is gone', async () => await modal.count() === 0);
    await clearMessages();
  });

  test('copy-plan: what a copy would do', async () => {
    await command('Countersign: Copy Image with Signatures…');
    await question('Which image?');
    await type(`${host}/shop/api:2.1`);
    await pick(`${host}/shop/api:2.1`);
    await question('Where to?');
    await type(`${mirror.host.replace('127.0.0.1', 'localhost')}/mirror/api:2.1`);
    await pick(`${mirror.host.replace('127.0.0.1', 'localhost')}/mirror/api:2.1`);
    await question('What is copied with the image?', 'Signatures');
    await press('Enter');
    await question('This is what a copy would do', 'to send of');
    await picture('copy-plan', around(questionBox, 14), screenshots);
    await press('Escape');
    await questionsGone();
  });

  test('the first steps, to look at', async () => {
    await page.setViewportSize({ width: 1200, height: 760 });
    await command('Welcome: Open Walkthrough...');
    await question('Who signed your images?');
    await pick('Who signed your images?');
    await shown(page.locator('.getting-started-step'), 'Read a verdict');
    await page.waitForTimeout(2000);
    await page.screenshot({ path: join(screenshots, 'walkthrough-open.png') });
    for (const title of ['Trust a key', 'Read a verdict', 'Make a key pair', 'Sign an image', 'Share the policy']) {
      await goWith('Tab', new RegExp(`^${title}`));
      await press('Enter');
      await page.waitForTimeout(1200);
      await page.screenshot({ path: join(screenshots, `walkthrough-${title.replaceAll(' ', '-').toLowerCase()}.png`) });
    }
    await page.setViewportSize(window);
    await openFile('Dockerfile');
  });

  test('tree: what stands behind a verdict', async () => {
    await command('Countersign: Focus on Image Trust View');
    await shown(rows, 'shop/base:1.0');
    await until('a row has the focus', async () => {
      await press('Control+0', 'ArrowDown');
      await page.waitForTimeout(300);
      return await page.locator('.pane-body .monaco-list-row.focused:visible').count() > 0;
    });
    const focused = async (): Promise<string> => (await page.locator('.pane-body .monaco-list-row.focused:visible').first().getAttribute('aria-label') ?? '').replaceAll('\u00a0', ' ');
    const goDownTo = async (text: string): Promise<void> => until(text, async () => {
      if ((await focused()).includes(text)) return true;
      await press('ArrowDown');
      await page.waitForTimeout(80);
      return (await focused()).includes(text);
    });
    await press('Home');
    await goDownTo('shop/api:2.1');
    await press('ArrowRight');
    await shown(rows, 'sha256:');
    await goDownTo('sha256:');
    await press('ArrowRight');
    await shown(rows, 'Signature');
    await press('Home');
    await until('the view is wide', async () => {
      if (((await sidebar.boundingBox())?.width ?? 0) > 440) return true;
      await command('Increase Current View Size');
      return false;
    });
    await picture('tree', async () => ({ ...await around(sidebar, 0)(), height: 345 }), screenshots);
  });
});

/** Messages that fade lie over what is to be seen. */
async function clearOfMessages(): Promise<void> {
  await page.locator('.notification-toast').first().waitFor({ state: 'detached' });
}

async function goTo(place: string): Promise<void> {
  await press('Control+g');
  await page.locator('.quick-input-widget:visible input').first().fill(`:${place}`);
  await press('Enter');
  await questionsGone();
}
