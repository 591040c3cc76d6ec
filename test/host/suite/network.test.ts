// A whole editor window whose own networking is the only way to a registry: its images are verified all the same, as strictly as over ours.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, teardown, test } from 'mocha';
import { generatePrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signBundle, signLegacy } from '../../demo/signing.ts';
import { capture, command, hoverAt, lenses, live, openFile, press, question, shown, trustFolder, type, until } from '../liveWindow.ts';

const { page, demo: { description: { workspace } }, onlyWay } = live;
assert.ok(onlyWay, 'this suite needs a proxy');
const { host, registry, strangeHost, strange, tunnels } = onlyWay;
const path = (name: string): string => join(workspace, name);
const settingsFile = path('.vscode/settings.json');
const settings = JSON.parse(readFileSync(settingsFile, 'utf8')) as object;

/** Keys for the images of both registries, and more. */
function configure(more: object = {}): void {
  writeFileSync(settingsFile, JSON.stringify({ ...settings, 'countersign.keys': { ours: 'keys/ours.pub' }, 'countersign.policies': [{ name: 'ours', images: ['*.test:5443/**'], keys: ['ours'] }], ...more }));
}

const counts = async (...texts: readonly string[]): Promise<readonly number[]> => Promise.all(texts.map((text) => lenses.filter({ hasText: text }).count()));
const settled = (what: string, ...wanted: readonly number[]): Promise<void> => until(what, async () => String(await counts('Signed by ours', 'Unsigned', 'Could not check')) === String(wanted));

suite('The networking of the editor', () => {
  suiteSetup(async () => {
    const key = await generatePrivateKey();
    writeFileSync(path('keys/ours.pub'), key.publicKey.pem);
    const put = (repository: string): Parameters<typeof signLegacy>[0] => ({ store: registry.store, host, repository, image: registry.store.putImage(repository, '1') });
    signLegacy(put('team/legacy'), key);
    signBundle(put('team/bundle'), key);
    put('team/none');
    signLegacy({ store: strange.store, host: strangeHost, repository: 'team/app', image: strange.store.putImage('team/app', '1') }, key);
    configure();
    writeFileSync(path('Dockerfile.network'), [
      `FROM ${host}/team/legacy:1`, `FROM ${host}/team/bundle:1`, `FROM ${host}/team/none:1`, '# A certificate that nobody vouches for', `FROM ${strangeHost}/team/app:1`, '',
    ].join('\n'));
    await trustFolder();
    await openFile('Dockerfile.network');
  });

  teardown(async function () {
    if (this.currentTest?.state !== 'failed') return;
    await capture('network-failed');
    console.log((await lenses.allInnerTexts()).join('\n'), tunnels.length, registry.count(), strange.count());
  });

  test('is the only way to a registry, whose images get their verdicts through it', async () => {
    await settled('all but the stranger have a verdict', 2, 1, 1);
    assert.ok(tunnels.includes(host), tunnels.join());
    await capture('network');
  });

  test('verifies certificates as we do: a server with one of its own is sent nothing', () => {
    assert.ok(tunnels.includes(strangeHost), tunnels.join());
    assert.equal(strange.requests.length, 0);
  });

  test('is told of where it got further than ours, and ended', async () => {
    await hoverAt('5,12', 'was tried as well');
    await capture('network-hover');
    await press('Escape');
  });

  test('is named by the diagnosis, after what our own way ended at', async () => {
    await command('Countersign: Diagnose Registry…');
    await question('A registry (ghcr.io), or an image in it');
    await type(`${host}/team/legacy:1`);
    await press('Enter');
    const preview = page.locator('iframe.webview').last().contentFrame().locator('iframe').contentFrame();
    await shown(preview.locator('li'), "reached through the editor's own networking");
    await shown(preview.locator('li'), 'the host name is not known');
    await shown(preview.locator('strong'), 'Our own way ends at "Name"');
    await capture('network-diagnosis');
    await command('View: Close All Editors');
  });

  test('is not used when a person turns that off: then the cause of our own way is told', async () => {
    configure({ 'countersign.network.editorFallback': false });
    await openFile('Dockerfile.network');
    await command('Countersign: Verify Again');
    await settled('nothing can be checked', 0, 0, 4);
    const before = tunnels.length;
    await command('Countersign: Verify Again');
    await settled('nothing can be checked', 0, 0, 4);
    assert.equal(tunnels.length, before);
    configure();
    await settled('all but the stranger have a verdict again', 2, 1, 1);
  });
});
