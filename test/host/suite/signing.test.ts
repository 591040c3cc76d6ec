// A whole editor window, driven by keyboard from outside: keys, signing images and files, what is refused, what a cancel leaves, and where the password is not.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, suiteSetup, suiteTeardown, teardown, test } from 'mocha';
import { decryptPrivateKey } from '../../../src/core/crypto/encryptedKey.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { accept, capture, captureThemes, chooseFromMenu, clearMessages, command, goWith, lenses, live, message, modal, openFile, pick, press, question, questionsGone, shown, statusBar, takeOffer, trustInEditor, type, until } from '../liveWindow.ts';
import { json } from '../../support/registryAnswer.ts';
import { occurrences } from '../occurrences.ts';

const { page, demo: { description: { host, workspace }, registry } } = live;
const path = (name: string): string => join(workspace, name);
/** Nobody else's, so that finding it anywhere means that it leaked. */
const password = `canary-${randomBytes(9).toString('hex')}`;
const digests = new Map<string, string>();

suite('Keys and signing, by keyboard', () => {
  suiteSetup(async () => {
    for (const name of ['service', 'worker', 'gateway']) digests.set(name, registry.store.putImage(`team/${name}`, '1.0').digest);
    writeFileSync(path('Containerfile'), ['service', 'worker', 'gateway'].map((name) => `FROM ${host}/team/${name}:1.0 AS ${name}\n`).join(''));
    writeFileSync(path('release-notes.txt'), 'Version 1.0\n');
    // As `git init` leaves it, as far as is looked at.
    mkdirSync(path('.git'));
    await shown(statusBar, 'Restricted Mode', 60_000);
    await shown(lenses, 'add a trusted key', 60_000).catch(async (error: unknown) => { await capture('signing-failed'); throw error; });
  });

  teardown(async function () {
    if (this.currentTest?.state === 'failed') await capture('signing-failed');
  });

  suite('In Restricted Mode', () => {
    for (const title of ['Generate Key Pair…', 'Import Key Pair…', 'Change Key Password…', 'Sign Image…', 'Sign Current File as Blob…']) {
      test(`"${title}" says why it does nothing`, async () => {
        await command(`Countersign: ${title}`);
        assert.match(await message('In Restricted Mode nothing is signed and no key is written.'), /Manage Workspace Trust/);
        if (title.startsWith('Generate')) await capture('signing-restricted');
        await clearMessages();
        await questionsGone();
      });
    }

    test('the message leads to where the folder is trusted', async () => {
      await command('Countersign: Sign Image…');
      await message('In Restricted Mode');
      await takeOffer('Manage Workspace Trust');
      await trustInEditor();
      await openFile('Containerfile');
      await shown(lenses, 'Not covered by any policy');
    });
  });

  suite('"Generate Key Pair"', () => {
    test('writes two files, once both passwords are the same', async () => {
      await command('Countersign: Generate Key Pair…');
      await question('In which folder are the two files written?');
      await pick('shop');
      await question('A name for the two files');
      await type('team');
      await press('Enter');
      await question('A password for the private key. Without one everybody');
      await capture('generate-password');
      await type(password);
      await press('Enter');
      await question('The same password again');
      await type(`${password}-mistyped`);
      await question('The two passwords are not the same.');
      await captureThemes('generate-mismatch');
      await press('Enter');
      await question('The two passwords are not the same.');
      assert.equal(existsSync(path('team.key')), false);
      await type(password);
      await press('Enter');
      await question('Wrote team.key and team.pub', 'Trust the Public Key Here…', 'Add *.key to .gitignore', 'Remember the Password');
      await captureThemes('generate-offers');
      assert.deepEqual(['team.key', 'team.pub'].map((name) => statSync(path(name)).mode & 0o777), [0o600, 0o644]);
      assert.match(readFileSync(path('team.key'), 'utf8'), /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/);
    });

    test('offers to trust the new key and to keep the private one out of git', async () => {
      // .gitignore is ticked already.
      await press('ArrowDown', 'Space');
      await until('trust is ticked', async () => await page.locator('.quick-input-list .monaco-list-row input:checked, .quick-input-list .monaco-checkbox.checked').count() === 2);
      await press('Enter');
      await question('A name for the key', 'ECDSA P-256');
      await press('Enter');
      await question('For which images is the key trusted?');
      await pick('Only Some Images');
      await question('Image patterns');
      await type(`${host}/team/**`);
      await press('Enter');
      await question('Trust team', 'Workspace Settings');
      await capture('generate-trust');
      await pick('Workspace Settings');
      await openFile('Containerfile');
      await shown(lenses, 'Unsigned: no signature found');
      assert.equal(readFileSync(path('.gitignore'), 'utf8'), '*.key\n');
      assert.match(readFileSync(path('.vscode/settings.json'), 'utf8'), /"team": "team\.pub"/);
      await clearMessages();
    });

    test('asks before it replaces a key, naming both files, and leaves them when the answer is no', async () => {
      const before = readFileSync(path('team.key'), 'utf8');
      await command('Countersign: Generate Key Pair…');
      await question('In which folder');
      await pick('shop');
      await question('A name for the two files');
      await type('team');
      await press('Enter');
      const text = await (await shown(modal, 'There is a key of this name already. Replace it?')).innerText();
      for (const name of ['team.key', 'team.pub']) assert.ok(text.includes(path(name)), text);
      await capture('generate-replace');
      await press('Escape');
      await question('A name for the two files');
      await press('Escape');
      await questionsGone();
      assert.equal(readFileSync(path('team.key'), 'utf8'), before);
    });
  });

  suite('"Sign Image"', () => {
    test('asks for image, key, password, format and annotations, and shows what will be written', async () => {
      const before = writtenTo('team/service');
      await command('Countersign: Sign Image…');
      await question('Which image?');
      await type('team/service');
      await pick(`${host}/team/service:1.0`);
      await question('Which private key signs?');
      await pick('team.key');
      await question('Password of team.key');
      await type(`${password}-wrong`);
      await press('Enter');
      await question('The password is wrong. Try again.');
      await captureThemes('sign-wrong-password');
      await type(password);
      await press('Enter');
      await question('In which format?');
      await capture('sign-format');
      await pick('Both');
      await question('An annotation to sign as well');
      await type('env=prod');
      await press('Enter');
      await question('So far: env=prod');
      await capture('sign-annotations');
      await press('Enter');
      const digest = digests.get('service') ?? '';
      const summary = await (await shown(modal, `Sign ${host}/team/service:1.0?`)).innerText();
      for (const part of [`Digest: ${digest}`, `${digest.replace(':', '-')}.sig`, 'referrer', 'env=prod', 'Signed so far by: nobody', 'Nothing is uploaded to a transparency log.']) assert.ok(summary.includes(part), `${part} is not in: ${summary}`);
      await captureThemes('sign-summary');
      assert.deepEqual(writtenTo('team/service'), before, 'nothing is pushed before the answer');
    });

    test('then pushes both formats, verifies them and shows the new verdict', async () => {
      const held = hold((request) => request.method === 'PUT' && request.kind === 'manifest');
      await accept();
      await held.reached;
      await message(`Signing ${host}/team/service:1.0`);
      await captureThemes('sign-progress');
      held.letGo();
      const outcome = await message('2 signatures written');
      assert.match(outcome, /Signers before: nobody\. Signers now: team \(SHA256:\S+\)\. Verified: signed by team\./);
      await shown(lenses, 'Signed by team');
      await captureThemes('sign-done');
      const digest = digests.get('service') ?? '';
      assert.ok(registry.store.manifest('team/service', `${digest.replace(':', '-')}.sig`));
      assert.equal(registry.store.referrers('team/service', digest).length, 1);
      assert.match(Buffer.concat([...registry.store.repository('team/service').blobs.values()]).toString(), /"optional":\{[^}]*"env":"prod"/);
      await clearMessages();
    });

    test('cancelled before the first signature is there leaves the image as it was', async () => {
      const before = writtenTo('team/worker');
      await askToSign('team/worker', 'nobody');
      const held = hold((request) => request.method === 'PUT' && request.kind === 'manifest');
      await accept();
      await held.reached;
      await message('Signing');
      await takeOffer('Cancel');
      assert.match(await message('Cancelled'), /no signature is known to be pushed/);
      await capture('sign-cancelled');
      held.drop();
      await clearMessages();
      await command('Countersign: Verify Again');
      await until('it is unsigned', async () => (await lensTexts())[1]?.includes('Unsigned: no signature found') === true);
      assert.deepEqual(writtenTo('team/worker'), before);
    });

    test('cancelled half-way keeps every signature valid, those of others too', async () => {
      await openFile('Dockerfile');
      await shown(lenses, 'Signed by release');
      const before = registry.store.repository('shop/base').manifests.size;
      await askToSign('shop/base', 'release');
      let puts = 0;
      const held = hold((request) => request.method === 'PUT' && request.kind === 'manifest' && ++puts === 2);
      const asked = registry.requests.length;
      await accept();
      await held.reached;
      // A signature counts once it was found again under its tag; a referrer is listed by the registry itself.
      await until('the first signature stands', () => {
        const since = registry.requests.slice(asked).filter(({ kind }) => kind === 'manifest');
        const written = since.findIndex(({ method, status }) => method === 'PUT' && status === 201);
        const target = since[written]?.target;
        return target !== undefined && (!target.endsWith('.sig') || since.slice(written).some((one) => one.method === 'GET' && one.target === target && one.status === 200));
      });
      await message('Signing');
      await takeOffer('Cancel');
      assert.match(await message('Cancelled'), /1 of 2 signatures are in the registry/);
      await capture('sign-cancelled-half-way');
      held.drop();
      await clearMessages();
      await command('Countersign: Verify Again');
      await until('it is verified by what it was verified by', async () => (await lensTexts())[0]?.includes('Signed by release') === true);
      assert.equal(registry.store.repository('shop/base').manifests.size, before + 1);
      // Once more, to the end: what is there already is not repeated, and everybody's signature is listed.
      await askToSign('shop/base', 'release');
      await accept();
      await until('the other signature is there too', () => registry.store.repository('shop/base').manifests.size === before + 2);
      assert.match(await message('1 signature written'), /Signers before: release \(SHA256:\S+\) and team \(SHA256:\S+\)\. Signers now: release \(SHA256:\S+\) and team \(SHA256:\S+\)\./);
      await capture('sign-after-cancel');
      await clearMessages();
    });
  });

  suite('An account that may not push', () => {
    let readOnly: TestRegistry;

    suiteSetup(async () => {
      readOnly = await startRegistry({ auth: { kind: 'basic', accounts: { reader: 'reads' } } });
      readOnly.store.putImage('team/locked', '1.0');
      readOnly.intercept = ({ method, headers }) => (['POST', 'PUT', 'PATCH'].includes(method) && headers['authorization'] !== undefined ? json(403, { errors: [{ code: 'DENIED', message: 'denied: [log in](command:workbench.action.closeAllEditors)' }] }) : undefined);
      writeFileSync(join(live.dockerConfig, 'config.json'), JSON.stringify({ auths: { [readOnly.host]: { auth: Buffer.from('reader:reads').toString('base64') } } }));
    });
    suiteTeardown(() => readOnly.close());

    test('is named, with the way out, and nothing is pushed', async () => {
      const before = [...readOnly.store.repository('team/locked').manifests.keys()];
      await askToSign('team/locked', 'nobody', readOnly.host);
      await accept();
      const text = await message('denied');
      assert.match(text, /as reader/);
      assert.match(text, /docker login.*an account that may push/s);
      // What the registry says is never a link that runs a command.
      assert.ok(!text.includes('command:'), text);
      assert.equal(await page.locator('.notification-list-item-message a').count(), 0);
      await captureThemes('sign-denied');
      assert.deepEqual([...readOnly.store.repository('team/locked').manifests.keys()], before);
      await clearMessages();
    });
  });

  suite('A file', () => {
    const file = path('release-notes.txt');

    test('is signed beside itself, and the status bar says by whom', async () => {
      await openFile('release-notes.txt');
      await command('Countersign: Sign Current File as Blob…');
      await question('Sign release-notes.txt', 'Which private key signs?');
      await pick('team.key');
      const text = await message('Wrote release-notes.txt.sig and release-notes.txt.sigstore.json');
      assert.match(text, /Verified: release-notes\.txt is signed by team/);
      await shown(statusBar, 'Signed by team');
      await capture('file-signed');
      assert.ok(existsSync(`${file}.sig`) && existsSync(`${file}.sigstore.json`));
      await clearMessages();
    });

    test('is verified when a person asks', async () => {
      await command('Countersign: Verify Current File…');
      await message(/Verified: release-notes\.txt is signed by team \(SHA256:\S+\), in release-notes\.txt\.sig and release-notes\.txt\.sigstore\.json\./);
      await clearMessages();
    });

    test('that changes on disk is stale, and untrusted once it is verified again', async () => {
      appendFileSync(file, 'and something more\n');
      await shown(statusBar, 'Stale: changed since it was verified');
      await captureThemes('file-stale');
      await command('Countersign: Verify Current File…');
      await message('Untrusted: no signature beside release-notes.txt');
      await shown(statusBar, 'Untrusted');
      await captureThemes('file-untrusted');
      await clearMessages();
      await openFile('release-notes.txt.sigstore.json');
      await shown(lenses, 'Does not count');
      await capture('file-signature');
    });

    test('is signed again only after a yes', async () => {
      const before = readFileSync(`${file}.sig`, 'utf8');
      await openFile('release-notes.txt');
      await command('Countersign: Sign Current File as Blob…');
      await question('Which private key signs?');
      await pick('team.key');
      const text = await (await shown(modal, 'There are signatures already. Replace them?')).innerText();
      assert.ok(text.includes(`${file}.sig`) && text.includes(`${file}.sigstore.json`), text);
      assert.equal(readFileSync(`${file}.sig`, 'utf8'), before);
      await capture('file-replace');
      await accept();
      await message('Verified: release-notes.txt is signed by team');
      await shown(statusBar, 'Signed by team');
      assert.notEqual(readFileSync(`${file}.sig`, 'utf8'), before);
      await clearMessages();
    });
  });

  suite('Several files', () => {
    test('chosen in the explorer are signed with one question for the key', async () => {
      const names = ['README.md', 'release-notes.txt'];
      for (const ending of ['.sig', '.sigstore.json']) rmSync(path(`release-notes.txt${ending}`));
      await page.locator('.explorer-folders-view .monaco-list-row').filter({ has: page.getByText('release-notes.txt.sig', { exact: true }) }).waitFor({ state: 'detached' });
      await openFile('README.md');
      await chooseFromMenu('Sign Current File as Blob…', async () => {
        await command('File: Focus on Files Explorer');
        await questionsGone();
        await press('Home');
        await goWith('ArrowDown', /^README\.md/);
        // The open file is selected, and the other stands below it.
        await goWith('Shift+ArrowDown', /^release-notes\.txt/);
      }, () => question('Sign 2 Files', 'Which private key signs?'), () => capture('files-menu'));
      await pick('team.key');
      assert.match(await message('Wrote README.md.sig'), /Verified: all 2 files\. The keys that signed them: team \(SHA256:/);
      assert.deepEqual(names.flatMap((name) => ['.sig', '.sigstore.json'].filter((ending) => !existsSync(path(name + ending)))), []);
      await capture('files-signed');
      await clearMessages();
    });
  });

  suite('Afterwards', () => {
    test('"Forget Passwords" locks the key: the password is asked again', async () => {
      await command('Countersign: Forget Passwords');
      await clearMessages();
      await command('Countersign: Sign Current File as Blob…');
      await question('Which private key signs?');
      await pick('team.key');
      await question('Password of team.key');
      await press('Escape');
      await questionsGone();
    });

    test('the password and the key are nowhere: not in logs, settings, state, files, arguments or environments', async () => {
      const log = live.folders.flatMap((folder) => readdirSync(folder, { recursive: true }).map(String)).filter((name) => name.endsWith('Countersign.log'));
      assert.equal(log.length, 1, 'the log is a file that was searched');
      const state = String(await page.evaluate(readBrowserState));
      assert.ok(state.includes('countersign.lastPrivateKey') || state.length > 100, 'the state was read');
      const { handle } = await decryptPrivateKey(readFileSync(path('team.key')), password, new AbortController().signal);
      const scalar = Buffer.from(handle.export({ format: 'jwk' }).d ?? '', 'base64url');
      assert.equal(scalar.length, 32);
      const pem = handle.export({ type: 'pkcs8', format: 'pem' }).toString().split('\n')[1] ?? '';
      const secrets = [password, scalar, scalar.toString('hex'), scalar.toString('base64').slice(0, 40), scalar.toString('base64url').slice(0, 40), pem.slice(0, 64)];
      for (const secret of secrets) {
        assert.ok(!state.includes(secret.toString()));
        assert.deepEqual(occurrences(secret, [...live.folders, workspace]), []);
      }
      // What was searched can hold it: the prefix of the same key's name is there.
      assert.notDeepEqual(occurrences('team.pub', [workspace]), []);
    });
  });
});

/** Everything up to the modal question, with the key that is unlocked by now. */
async function askToSign(image: string, signers: string, registryHost = host): Promise<void> {
  await command('Countersign: Sign Image…');
  await question('Which image?');
  await type(`${registryHost}/${image}:1.0`);
  await pick(`${registryHost}/${image}:1.0`);
  await question('Which private key signs?');
  await pick('team.key');
  await question('In which format?');
  await pick('Both');
  await question('An annotation to sign as well');
  await press('Enter');
  await shown(modal, `Signed so far by: ${signers}`);
}

type Request = Parameters<NonNullable<TestRegistry['intercept']>>[0];

interface Held {
  /** Resolves when there is such a request. */
  readonly reached: Promise<void>;
  /** It is carried out. */
  readonly letGo: () => void;
  /** It never is. */
  readonly drop: () => void;
}

/** Keeps the registry from carrying out what fits, and from answering. */
function hold(fits: (request: Request) => boolean): Held {
  let reach: () => void = () => undefined;
  let decide: (yes: boolean) => void = () => undefined;
  const reached = new Promise<void>((done) => { reach = done; });
  const decided = new Promise<boolean>((done) => { decide = done; });
  registry.intercept = (request, ordinary) => {
    if (!fits(request)) return undefined;
    reach();
    return decided.then((yes) => (yes ? ordinary() : { status: 500, cut: 'before answer' }));
  };
  const end = (yes: boolean) => (): void => {
    registry.intercept = undefined;
    decide(yes);
  };
  return { reached, letGo: end(true), drop: end(false) };
}

/** Runs in the window: everything the workbench keeps in the browser, as text. */
const readBrowserState = `(async () => {
  const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const kept = [{ ...localStorage }, { ...sessionStorage }];
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) kept.push(name, store, await done(database.transaction(store).objectStore(store).getAll()));
    database.close();
  }
  return JSON.stringify(kept);
})()`;

const lensTexts = async (): Promise<readonly string[]> => (await lenses.allInnerTexts()).map((text) => text.replaceAll('\u00a0', ' '));
const writtenTo = (repository: string): readonly string[] => [...registry.store.repository(repository).manifests.keys()];
