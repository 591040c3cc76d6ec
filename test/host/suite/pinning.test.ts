// A whole editor window, driven by keyboard from outside: pinning from the menu and the palette, undo, a tag that moves, and unpinning.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { generatePrivateKey, type PrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signLegacy } from '../../demo/signing.ts';
import { capture, captureThemes, clearMessages, command, focusEditor, goToPlace, lenses, live, message, openFile, press, question, questionsGone, shown, trustFolder, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const path = (name: string): string => join(workspace, name);
const menu = page.locator('.action-widget:visible');

suite('Pinning, by keyboard', () => {
  let key: PrivateKey;
  let [app, tool] = ['', ''];
  const file = [
    '# Where our images are', `ARG REGISTRY=${host}`, 'ARG TAG=1.0', 'FROM --platform=linux/amd64 ${REGISTRY}/pin/app:${TAG} AS app', `FROM "${host}/pin/tool:2"`, `COPY --from=${host}/pin/plain:3 /a /b`, '',
  ].join('\n');
  const push = (repository: string, tag: string, content: string): string => {
    const image = registry.store.putImage(repository, tag, content);
    signLegacy({ store: registry.store, host, repository, image }, key);
    return image.digest;
  };

  suiteSetup(async () => {
    key = await generatePrivateKey();
    app = push('pin/app', '1.0', 'app');
    tool = push('pin/tool', '2', 'tool');
    registry.store.putImage('pin/plain', '3', 'plain');
    writeFileSync(path('keys/pinner.pub'), key.publicKey.pem);
    const settings = JSON.parse(readFileSync(path('.vscode/settings.json'), 'utf8')) as { 'countersign.keys': object; 'countersign.policies': object[] };
    writeFileSync(path('.vscode/settings.json'), JSON.stringify({
      ...settings,
      'countersign.keys': { ...settings['countersign.keys'], pinner: 'keys/pinner.pub' },
      'countersign.policies': [...settings['countersign.policies'], { name: 'pin', images: [`${host}/pin/**`], keys: ['pinner'] }],
    }));
    writeFileSync(path('Dockerfile.pin'), file);
    await trustFolder();
    await openFile('Dockerfile.pin');
    await until('all images are verified', async () => await lenses.filter({ hasText: 'Signed by pinner' }).count() === 2);
  });

  test('pins from the menu of quick fixes, and undoes it in one step', async () => {
    await openMenu('5,20', 'Pin to Verified Digest');
    await captureThemes('pin-menu');
    await choose('Pin to Verified Digest');
    await until('the image is pinned', async () => await saved() === file.replace('pin/tool:2', `pin/tool:2@${tool}`));
    await press('Control+Z');
    await until('the pin is gone', async () => await saved() === file);
  });

  test('pins a whole file from the palette, and says what was left', async () => {
    await command('Countersign: Pin Images of This File to Verified Digests');
    await message(/Pinned 2 references to their verified digests\. Not pinned: .*pin\/plain:3 \(Unsigned: no signature found\)\./);
    await shown(lenses, 'Signed by pinner');
    await capture('pin-done');
    await until('both are pinned on disk', async () => await saved() === file.replace('TAG=1.0', `TAG=1.0@${app}`).replace('pin/tool:2', `pin/tool:2@${tool}`));
    await clearMessages();
  });

  test('takes the pins of a whole file back in one step', async () => {
    const pinned = await saved();
    await focusEditor();
    await press('Control+Z');
    await until('no pin is left', async () => await saved() === file);
    await focusEditor();
    await press('Control+Y');
    await until('both are pinned again', async () => await saved() === pinned);
    await shown(lenses, 'Signed by pinner');
  });

  test('tells when a tag has moved, and moves the pin to what is signed by the same key', async () => {
    const moved = push('pin/tool', '2', 'another tool');
    const [plain] = [registry.store.putImage('pin/app', '1.0', 'nobody signed this')];
    assert.notEqual(plain.digest, app);
    await command('Countersign: Verify Again');
    await until('both tags are known to have moved', async () => await page.locator('.squiggly-info').count() >= 2);
    await goToPlace('5,20');
    await press('Control+k', 'Control+i');
    await shown(page.locator('.monaco-hover:visible'), 'The new image is signed by the same keys: pinner');
    await captureThemes('pin-drift-hover');
    await press('Escape');
    await press('Control+Shift+M');
    await shown(page.locator('.markers-panel'), 'The new image is unsigned: stay with the pinned one.');
    await capture('pin-drift-problems');
    await press('Control+Shift+M');
    await openMenu('5,20', 'Move the Pin to');
    await captureThemes('pin-drift-menu');
    await choose('Move the Pin to');
    await until('the pin is moved', async () => (await saved()).includes(`pin/tool:2@${moved}`));
    await openMenu('4,40', 'Unpin: Keep Only the Tag 1.0');
    assert.doesNotMatch(await menu.innerText(), /Move the Pin/);
    await press('Escape');
  });

  test('takes pins away again', async () => {
    await command('Countersign: Unpin Images');
    await question('Which images keep only their tag?');
    await capture('pin-unpin');
    await press('Enter');
    await questionsGone();
    await message('2 references have only their tags now.');
    await until('the file is as it was', async () => await saved() === file);
  });
});

/** A key goes nowhere while something else has the focus: a person does it again. */
async function openMenu(place: string, title: string): Promise<void> {
  await until(`${title} is offered`, async () => {
    await goToPlace(place);
    await press('Control+.');
    const offered = await shown(menu, title, 3000).catch(() => undefined);
    if (!offered) await press('Escape');
    return offered !== undefined;
  });
}

async function choose(title: string): Promise<void> {
  const focused = menu.locator('.monaco-list-row.focused');
  for (let tries = 0; !(await focused.first().innerText()).replaceAll('\u00a0', ' ').includes(title); tries++) {
    assert.ok(tries < 10, `${title} cannot be reached`);
    await press('ArrowDown');
  }
  await press('Enter');
}

/** The text as it is on disk once it is saved. */
async function saved(): Promise<string> {
  await press('Control+S');
  await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
  return readFileSync(path('Dockerfile.pin'), 'utf8');
}
