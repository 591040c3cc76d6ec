// A whole editor window, driven by keyboard from outside: a pinned image that was verified is verified again when the window comes back without its registry.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite, suiteSetup, test } from 'mocha';
import { generatePrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signLegacy } from '../../demo/signing.ts';
import { cutConnection } from '../../support/faults.ts';
import { captureThemes, command, hoverAt, lenses, live, message, openFile, press, shown, trustFolder, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const path = (name: string): string => join(workspace, name);
const asked = (): number => registry.requests.filter(({ repository }) => repository === 'offline/app').length;

/** The notes of the images of the file in the storage of the extension. */
const stored = (): readonly string[] => live.folders.slice(0, 1).flatMap((folder) => readdirSync(folder, { recursive: true }).map(String))
  .filter((name) => basename(dirname(name)) === 'notes' && basename(dirname(dirname(name))) === 'signatures' && !name.endsWith('.tmp'));

suite('Without the registry, by keyboard', () => {
  suiteSetup(async () => {
    const key = await generatePrivateKey();
    const image = registry.store.putImage('offline/app', '1.0', 'app');
    signLegacy({ store: registry.store, host, repository: 'offline/app', image }, key);
    writeFileSync(path('keys/shop.pub'), key.publicKey.pem);
    const settings = JSON.parse(readFileSync(path('.vscode/settings.json'), 'utf8')) as { 'countersign.keys': object; 'countersign.policies': object[] };
    writeFileSync(path('.vscode/settings.json'), JSON.stringify({
      ...settings,
      'countersign.keys': { ...settings['countersign.keys'], shop: 'keys/shop.pub' },
      'countersign.policies': [...settings['countersign.policies'], { name: 'our images', images: [`${host}/offline/**`], keys: ['shop'] }],
    }));
    writeFileSync(path('Dockerfile.offline'), `# Pinned, so that it can be verified without its registry\nFROM ${host}/offline/app@${image.digest}\n\n# A tag may have moved\nFROM ${host}/offline/app:1.0\n`);
    await trustFolder();
    await openFile('Dockerfile.offline');
    await until('both are verified', async () => await lenses.filter({ hasText: 'Signed by shop' }).count() === 2);
    await until('the signatures are on the disk', () => stored().length > 0);
  });

  test('a window that is opened anew verifies what is pinned, says that it did not ask, and checks nothing else', async () => {
    registry.intercept = cutConnection;
    await page.reload();
    await page.locator('.monaco-workbench').waitFor();
    await openFile('Dockerfile.offline');
    await until('the pinned image is verified', async () => await lenses.filter({ hasText: 'Signed by shop' }).count() === 1);
    await shown(lenses, 'Could not check');
    await hoverAt('2,12', 'From signatures stored on this machine, as the registry had them on');
    await captureThemes('offline-hover');
    await press('Escape');
  });

  test('"Verify Again" asks the registry, which is not there', async () => {
    await command('Countersign: Verify Again');
    await until('neither could be checked', async () => await lenses.filter({ hasText: 'Could not check' }).count() === 2);
  });

  test('what is stored can be cleared, and then it is asked for, and stored again', async () => {
    await command('Countersign: Clear Stored Signatures');
    await message('Cleared the signatures stored on this machine');
    assert.deepEqual(stored(), []);
    await until('neither could be checked', async () => await lenses.filter({ hasText: 'Could not check' }).count() === 2);
    registry.intercept = undefined;
    const before = asked();
    await command('Countersign: Verify Images in File');
    await until('both are verified', async () => await lenses.filter({ hasText: 'Signed by shop' }).count() === 2);
    assert.ok(asked() > before);
    await until('the signatures are on the disk again', () => stored().length > 0);
  });
});
