// A whole editor window, driven by keyboard from outside: the plan of a copy, its progress, a cancel, the proof, and the Dockerfile that names the copy.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, test } from 'mocha';
import { generatePrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { signBundle, signLegacy } from '../../demo/signing.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { capture, captureThemes, clearMessages, command, focusEditor, lenses, live, message, modal, openFile, pick, press, question, questionsGone, shown, takeOffer, trustInEditor, type, until } from '../liveWindow.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const path = (name: string): string => join(workspace, name);
const source = `${host}/big/app:1.0`;

suite('Copying an image, by keyboard', () => {
  let other: TestRegistry;
  let digest = '';

  suiteSetup(async () => {
    other = await startRegistry();
    const [key, mirrorOwner] = [await generatePrivateKey(), await generatePrivateKey()];
    const image = registry.store.putImage('big/app', '1.0', 'x'.repeat(24_000_000));
    ({ digest } = image);
    signLegacy({ store: registry.store, host, repository: 'big/app', image }, key);
    signBundle({ store: registry.store, host, repository: 'big/app', image }, key);
    // Whoever runs the mirror has signed the image there beforehand: what is true of the copy is not what is true of the source.
    signLegacy({ store: other.store, host: other.host, repository: 'big/app', image }, mirrorOwner);
    writeFileSync(path('keys/mirror.pub'), key.publicKey.pem);
    writeFileSync(path('keys/gate.pub'), mirrorOwner.publicKey.pem);
    const settings = JSON.parse(readFileSync(path('.vscode/settings.json'), 'utf8')) as { 'countersign.keys': object; 'countersign.policies': object[] };
    writeFileSync(path('.vscode/settings.json'), JSON.stringify({
      ...settings,
      'countersign.keys': { ...settings['countersign.keys'], mirror: 'keys/mirror.pub', gate: 'keys/gate.pub' },
      'countersign.policies': [...settings['countersign.policies'], { name: 'mirror', images: [`${host}/big/**`], keys: ['mirror'] }, { name: 'gate', images: [`${other.host}/**`], keys: ['mirror', 'gate'], require: 'all' }],
    }));
    writeFileSync(path('Dockerfile.copy'), ['# Where our images are', `ARG REGISTRY=${host}`, 'FROM --platform=linux/amd64 ${REGISTRY}/big/app:1.0 AS app', ''].join('\n'));
    await shown(page.locator('.statusbar-item'), 'Restricted Mode');
    await shown(lenses, 'add a trusted key');
  });
  suiteTeardown(() => other.close());

  test('is refused in Restricted Mode, with the way out', async () => {
    await command('Countersign: Copy Image with Signatures');
    await message('In Restricted Mode nothing is copied');
    await capture('copy-restricted');
    await takeOffer('Manage Workspace Trust');
    await trustInEditor();
    await openFile('Dockerfile.copy');
    await shown(lenses, 'Signed by mirror');
    await clearMessages();
  });

  test('shows the plan as a tree and as a document before anything is written', async () => {
    const before = other.requests.length;
    await askToCopy(source, `${other.host}/big/app:1.0`);
    await question('This is what a copy would do', '24 MB to send of 24 MB', 'Signatures: 2', 'The tag 1.0 is free.');
    await captureThemes('copy-plan');
    await pick('Show Plan as a Document');
    await shown(page.locator('.tab.active'), 'Copy Plan 1');
    await question('This is what a copy would do');
    await shown(page.locator('.view-lines'), 'Nothing was written');
    await captureThemes('copy-plan-document');
    assert.deepEqual(other.requests.slice(before).filter(({ method }) => !['GET', 'HEAD'].includes(method)), []);
    await press('Escape');
    await questionsGone();
    await openFile('Dockerfile.copy');
  });

  test('shows bytes while it copies; a cancel leaves no tag', async () => {
    await askToCopy(source, `${other.host}/big/app:1.0`);
    await question('This is what a copy would do');
    const held = hold(other, ({ method }) => method === 'PUT' || method === 'PATCH');
    await pick('Copy, Then Update This Dockerfile');
    await held.reached;
    await message(/Copying .*(?:Layers|Looking)/s);
    await captureThemes('copy-progress');
    await takeOffer('Cancel');
    await message('Cancelled. No tag points at a part of an image');
    await drawn();
    await captureThemes('copy-cancelled');
    held.drop();
    assert.equal(other.store.manifest('big/app', '1.0'), undefined);
    await clearMessages();
  });

  test('copies it again to the end, proves it, and the Dockerfile names the copy in one step', async () => {
    await lensOfSource();
    await capture('copy-lens-before');
    await askToCopy(source, `${other.host}/big/app:1.0`);
    await question('This is what a copy would do');
    await pick('Copy, Then Update This Dockerfile');
    const text = await message('Copied to');
    const names = `Signed as ${host}/big/app; the copy is ${other.host}/big/app.`;
    assert.ok(text.includes(`All 2 signatures that are valid at the source are valid here: mirror. ${names} Verified at the destination: signed by mirror. Line 3 names the copy now.`), text);
    assert.equal(other.store.manifest('big/app', '1.0')?.digest, digest);
    assert.ok(other.store.manifest('big/app', `${digest.replace(':', '-')}.sig`));
    await shown(page.locator('.view-lines'), `ARG REGISTRY=${other.host}`);
    await lensOfCopy();
    await captureThemes('copy-done');
    await clearMessages();
    await focusEditor();
    await press('Control+Z');
    await shown(page.locator('.view-lines'), `ARG REGISTRY=${host}`);
    await lensOfSource();
    await press('Control+Shift+Z');
    await shown(page.locator('.view-lines'), `ARG REGISTRY=${other.host}`);
    await lensOfCopy();
    await capture('copy-lens');
  });

  test('overwrites a tag only after a yes, with both digests on screen', async () => {
    const taken = other.store.putImage('big/app', '2.0', 'something else');
    await askToCopy(source, `${other.host}/big/app:2.0`);
    await question('This is what a copy would do', 'is another image now');
    await pick('Copy');
    const text = await (await shown(modal, 'is another image already. Overwrite it?')).innerText();
    assert.ok(text.includes(taken.digest) && text.includes(digest), text);
    await captureThemes('copy-overwrite');
    await press('Escape');
    await until('the question is gone', async () => await modal.count() === 0);
    assert.equal(other.store.manifest('big/app', '2.0')?.digest, taken.digest);
  });

  test('offers the images of an index', async () => {
    await command('Countersign: Copy Image with Signatures');
    await question('Which image?');
    await type(`${host}/shop/web:1.0`);
    await pick(`${host}/shop/web:1.0`);
    await question('Where to?', `${other.host}/big/web:1.0`);
    await capture('copy-destinations');
    await pick(`${other.host}/big/web:1.0`);
    await question('The whole index; check images to copy fewer', 'linux/arm64');
    await capture('copy-parts');
    await check('linux/amd64');
    await question('Only this image is copied, to the tag');
    await check('linux/arm64');
    await question('2 images, by their digests, without a tag');
    await captureThemes('copy-parts-several');
    // Only the index is signed: nothing is asked about what hangs on its images.
    await press('Enter');
    await question('This is what a copy would do', 'Nothing hangs on it. No tag: 2 images by their digests.');
    await capture('copy-plan-several');
    await press('Escape');
    await questionsGone();
  });

  test('is one step from a lens of its own, where the settings want one', async () => {
    const file = path('.vscode/settings.json');
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(before) as object, 'countersign.codeLens.actions': ['sign', 'copy', 'pin'] }));
    await openFile('Dockerfile.copy');
    await shown(lenses, 'Copy…');
    await captureThemes('lens-actions');
    await focusEditor();
    await press('Control+End', 'ArrowUp');
    await command('Show CodeLens Commands for Current Line');
    await question('Signed by gate and mirror', 'Pin');
    await capture('lens-actions-list');
    await pick('Copy…');
    await question('Which image?');
    await capture('lens-actions-copy');
    await press('Escape');
    await questionsGone();
    writeFileSync(file, before);
    await until('the lens is gone', async () => await lenses.filter({ hasText: 'Copy…' }).count() === 0);
  });

  test('says what a refused push needs', async () => {
    await askToCopy(source, `${other.host}/team/app:1.0`);
    await question('This is what a copy would do');
    other.intercept = ({ method }) => (['POST', 'PUT', 'PATCH'].includes(method) ? { status: 403, body: '{"errors":[{"code":"DENIED","message":"denied"}]}', headers: { 'content-type': 'application/json' } } : undefined);
    await pick('Copy');
    assert.match(await message('Ask for the right to pull'), /push to .*\/team\/app/);
    await drawn();
    await captureThemes('copy-denied');
    other.intercept = undefined;
    await clearMessages();
  });
});

/** Goes to one of several choices and checks it. */
async function check(label: string): Promise<void> {
  const focused = page.locator('.quick-input-widget:visible .monaco-list-row.focused');
  const reached = async (): Promise<boolean> => (await focused.allInnerTexts()).some((text) => text.replaceAll('\u00a0', ' ').includes(label));
  for (let tries = 0; !await reached(); tries++) {
    assert.ok(tries < 10, `${label} cannot be reached`);
    await press('ArrowDown');
    await page.waitForTimeout(50);
  }
  await press('Space');
}

/** Everything up to the plan. */
async function askToCopy(from: string, to: string): Promise<void> {
  await command('Countersign: Copy Image with Signatures');
  await question('Which image?');
  await type(from);
  await pick(from);
  await question('Where to?');
  await type(to);
  await pick(to);
  await question('What is copied with the image?', 'Signatures');
  await capture('copy-kinds');
  await press('Enter');
}

/** The copy has it. */
const lensOfCopy = (): Promise<unknown> => shown(lenses.filter({ hasText: 'Signed by' }).filter({ hasText: 'mirror' }), 'gate');

/** The source has no signature of whoever runs the mirror. */
async function lensOfSource(): Promise<void> {
  await until('the lens tells the source', async () => {
    const texts = await lenses.allInnerTexts();
    return texts.some((text) => text.includes('Signed by mirror')) && !texts.some((text) => text.includes('gate'));
  });
}

/** Messages fade in. */
const drawn = (): Promise<void> => page.waitForTimeout(500);

type Request = Parameters<NonNullable<TestRegistry['intercept']>>[0];

/** Keeps a registry from carrying out what fits, until it is dropped. */
function hold(registry: TestRegistry, fits: (request: Request) => boolean): { readonly reached: Promise<void>; readonly drop: () => void } {
  let [reach, end] = [(): void => undefined, (): void => undefined];
  const reached = new Promise<void>((done) => { reach = done; });
  const dropped = new Promise<void>((done) => { end = done; });
  registry.intercept = (request) => {
    if (!fits(request)) return undefined;
    reach();
    return dropped.then(() => ({ status: 500, cut: 'before answer' as const }));
  };
  return { reached, drop: () => { registry.intercept = undefined; end(); } };
}
