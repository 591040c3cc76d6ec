// Key pairs: what is asked before one is written, what is offered afterwards, and that leaving at any question writes nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, Uri, window, workspace } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { answer, folder, settle, startSigning, useFace } from './harness.ts';

const name = folder.split('/').at(-1) ?? '';
const asked: readonly Answer[] = [{ pick: name }, { type: 'cosign' }, { type: 'secret' }, { type: 'secret' }];
const done: Answer = { check: [] };
const text = (path: string): string | undefined => { const bytes = fake.files.get(path); return bytes && new TextDecoder().decode(bytes); };

describe('generating a key pair', () => {
  useFace();

  it('asks folder, name and password twice, then writes both files and says the fingerprint', async () => {
    const { signing } = startSigning();
    await answer('generateKeyPair', [...asked, done]);
    assert.deepEqual(signing.generated, [{ paths: { privateKey: `${folder}/cosign.key`, publicKey: `${folder}/cosign.pub` }, password: 'secret', overwrite: [] }]);
    assert.match(fake.script.messages().join(), /cosign\.key.*cosign\.pub.*ECDSA P-256, SHA256:signer/);
    assert.deepEqual(fake.script.shown.slice(0, 4).map(({ step, totalSteps, ignoreFocusOut }) => [step, totalSteps, ignoreFocusOut]), [[1, 4], [2, 4], [3, 4], [4, 4]].map((place) => [...place, true]));
  });

  it('hides the password in both questions', async () => {
    startSigning();
    await answer('generateKeyPair', [...asked, done]);
    assert.deepEqual(fake.script.shown.slice(1, 4).map(({ password }) => password), [false, true, true]);
  });

  for (const [at] of asked.entries()) {
    it(`writes nothing when it is left at question ${at + 1}`, async () => {
      const { signing } = startSigning();
      await answer('generateKeyPair', [...asked.slice(0, at), { escape: true }]);
      assert.deepEqual([signing.generated, fake.script.messages(), fake.kept.size], [[], [], 0]);
    });
  }

  it('says while it is typed that the two passwords differ, and takes them when they are the same', async () => {
    const { signing } = startSigning();
    await answer('generateKeyPair', [...asked.slice(0, 3), { type: 'other' }, { type: 'secret' }, done]);
    assert.match(String(fake.script.shown[3]?.validation), /not the same/);
    assert.equal(signing.generated.length, 1);
  });

  it('goes back to the password', async () => {
    const { signing } = startSigning();
    await answer('generateKeyPair', [...asked.slice(0, 3), { back: true }, { type: 'better' }, { type: 'better' }, done]);
    assert.equal(signing.generated[0]?.password, 'better');
    assert.equal(fake.script.shown[4]?.value, 'better');
  });

  it('says from the start what no password means', async () => {
    startSigning();
    await answer('generateKeyPair', [...asked.slice(0, 2), { escape: true }]);
    assert.match(fake.script.shown[2]?.text ?? '', /Without one everybody who can read the file/);
  });

  it('takes an empty password only after an explicit yes', async () => {
    const { signing } = startSigning();
    await answer('generateKeyPair', [...asked.slice(0, 2), { type: '' }, { choose: 'nothing' }, { escape: true }]);
    assert.equal(signing.generated.length, 0);
    await answer('generateKeyPair', [...asked.slice(0, 2), { type: '' }, { choose: 'Use No Password' }, done]);
    assert.equal(signing.generated[0]?.password, '');
    assert.ok(fake.script.shown.some(({ modal, text: question }) => modal && /without a password/.test(question)));
  });

  it('replaces files only after a yes that named them', async () => {
    const { signing } = startSigning();
    fake.write(`${folder}/cosign.pub`, 'PEM');
    await answer('generateKeyPair', [...asked.slice(0, 2), { choose: 'no such button' }, { escape: true }]);
    assert.equal(signing.generated.length, 0);
    const question = fake.script.shown.find(({ modal }) => modal);
    assert.match(question?.text ?? '', /app\/cosign\.pub will be replaced/);
    await answer('generateKeyPair', [...asked.slice(0, 2), { choose: 'Replace' }, ...asked.slice(2), done]);
    assert.deepEqual(signing.generated[0]?.overwrite, [`${folder}/cosign.pub`]);
  });

  for (const prefix of ['', 'a/b', '..', 'a\\b', 'x\u202ey']) {
    it(`refuses the name ${JSON.stringify(prefix)}`, async () => {
      const { signing } = startSigning();
      await answer('generateKeyPair', [{ pick: name }, { type: prefix }, { escape: true }]);
      assert.equal(typeof fake.script.shown[1]?.validation, 'string');
      assert.deepEqual(signing.generated, []);
    });
  }

  it('writes into a folder that was looked for', async () => {
    const { signing } = startSigning();
    await answer('generateKeyPair', [{ pick: 'Another Folder' }, { files: [Uri.file('/other')] }, ...asked.slice(1), done]);
    assert.equal(signing.generated[0]?.paths.privateKey, '/other/cosign.key');
  });

  it('stopped while it runs leaves nothing and offers nothing', async () => {
    const { signing } = startSigning();
    signing.gate = new Promise(() => undefined);
    const running = answer('generateKeyPair', asked);
    await settle(); await settle(); await settle(); await settle();
    for (let turn = 0; turn < 50 && !fake.progress[0]; turn++) await settle();
    fake.progress[0]?.source.cancel();
    await running;
    assert.deepEqual([signing.generated, fake.script.messages()], [[], []]);
  });

  it('is refused in Restricted Mode before anything is asked', async () => {
    const { signing } = startSigning();
    workspace.isTrusted = false;
    for (const command of ['generateKeyPair', 'importKeyPair', 'changeKeyPassword']) await answer(command, []);
    assert.deepEqual([signing.generated, fake.script.shown.map(({ severity }) => severity)], [[], ['error', 'error', 'error']]);
    assert.match(fake.script.messages().join(), /Restricted Mode/);
  });

  it('offers trust, .gitignore and remembering; does what is checked and nothing else', async () => {
    startSigning();
    fake.write(`${folder}/.git/HEAD`, 'ref');
    await answer('generateKeyPair', [...asked, { check: ['Remember the Password', '.gitignore'] }]);
    const offers = fake.script.shown[4];
    assert.deepEqual([offers?.items.map(({ label }) => label), offers?.checked], [['Trust the Public Key Here…', 'Add *.key to .gitignore', 'Remember the Password'], ['Add *.key to .gitignore']]);
    assert.equal(offers?.items[0]?.detail, 'ECDSA P-256, SHA256:signer; asks for which images');
    assert.equal(text(`${folder}/.gitignore`), '*.key\n');
    assert.deepEqual(JSON.parse([...fake.kept.values()][0] ?? ''), { [`${folder}/cosign.key`]: 'secret' });
    assert.deepEqual(fake.executed, []);
  });

  it('trusting leads to the ordinary command with the new public key', async () => {
    startSigning();
    await answer('generateKeyPair', [...asked, { check: ['Trust'] }, { type: 'mine' }, { pick: 'All Images' }, { pick: 'Workspace' }]);
    assert.deepEqual(fake.configuration.workspace['countersign.keys'], { mine: 'cosign.pub' });
  });

  it('leaving the offers keeps the pair and does nothing more', async () => {
    const { signing } = startSigning();
    fake.write(`${folder}/.git/HEAD`, 'ref');
    await answer('generateKeyPair', [...asked, { escape: true }]);
    assert.deepEqual([signing.generated.length, fake.kept.size, text(`${folder}/.gitignore`)], [1, 0, undefined]);
  });

  for (const [what, lines, expected] of [['a line', 'dist', 'dist\n*.key\n'], ['Windows line ends', 'dist\r\n', 'dist\r\n*.key\r\n']] as const) {
    it(`adds to a .gitignore with ${what} what is missing`, async () => {
      startSigning();
      fake.write(`${folder}/.git/HEAD`, 'ref');
      fake.write(`${folder}/.gitignore`, lines);
      await answer('generateKeyPair', [...asked, { check: ['.gitignore'] }]);
      assert.equal(text(`${folder}/.gitignore`), expected);
    });
  }

  for (const [what, files] of [['outside a work tree', {}], ['where it is ignored already', { '.git/HEAD': 'x', '.gitignore': 'dist\n*.key\n' }], ['where this file is ignored already', { '.git/HEAD': 'x', '.gitignore': '/cosign.key' }]] as const) {
    it(`does not offer .gitignore ${what}`, async () => {
      startSigning();
      for (const [path, content] of Object.entries(files)) fake.write(`${folder}/${path}`, content);
      await answer('generateKeyPair', [...asked, done]);
      assert.deepEqual(fake.script.shown[4]?.items.map(({ label }) => label), ['Trust the Public Key Here…', 'Remember the Password']);
    });
  }

  for (const [what, files, target, expected] of [
    ['an exception below', { '.gitignore': '*.key\n!cosign.key\n' }, '.gitignore', '*.key\n!cosign.key\n*.key\n'],
    ['an exception for all keys', { '.gitignore': '*.key\n!/*.key\n' }, '.gitignore', '*.key\n!/*.key\n*.key\n'],
    ['an exception in a folder below', { '.gitignore': '*.key\n', 'keys/.gitignore': '!cosign.key\n' }, 'keys/.gitignore', '!cosign.key\n*.key\n'],
  ] as const) {
    it(`offers .gitignore where ${what} takes the key out again, and adds the line where it counts`, async () => {
      startSigning();
      fake.write(`${folder}/.git/HEAD`, 'ref');
      for (const [path, content] of Object.entries(files)) fake.write(`${folder}/${path}`, content);
      const place = target.startsWith('keys') ? [{ pick: 'Another Folder' }, { files: [Uri.file(`${folder}/keys`)] }] : [{ pick: name }];
      await answer('generateKeyPair', [...place, ...asked.slice(1), { check: ['.gitignore'] }]);
      assert.equal(text(`${folder}/${target}`), expected);
    });
  }

  it('says so when the files could not be written', async () => {
    const { signing } = startSigning();
    signing.failure = new CosignError('KEY_EXISTS', said`cosign.key exists.`);
    await answer('generateKeyPair', asked);
    assert.match(fake.script.messages().join(), /cosign\.key exists/);
    assert.equal(fake.kept.size, 0);
  });
});

describe('importing a key pair', () => {
  useFace();

  it('takes a file, and asks the same questions', async () => {
    const { signing } = startSigning();
    await answer('importKeyPair', [{ files: [Uri.file('/keys/rsa.pem')] }, { pick: name }, { type: 'import' }, { type: 'p' }, { type: 'p' }, done]);
    assert.deepEqual([signing.imported, signing.generated[0]?.paths.publicKey], [['/keys/rsa.pem'], `${folder}/import.pub`]);
    assert.match(fake.script.shown[1]?.text ?? '', /Import ECDSA P-256, SHA256:signer/);
  });
  it('left at the file asks nothing more', async () => {
    const { signing } = startSigning();
    await answer('importKeyPair', [{ escape: true }]);
    assert.deepEqual([signing.generated, fake.script.shown.length], [[], 1]);
  });
  it('says which kind of key it refuses before it asks anything else', async () => {
    const { signing } = startSigning();
    signing.failure = new CosignError('KEY_UNSUPPORTED', said`DSA keys are not supported.`);
    await answer('importKeyPair', [{ files: [Uri.file('/keys/dsa.pem')] }]);
    assert.match(fake.script.messages().join(), /DSA keys are not supported/);
    assert.deepEqual([signing.imported, signing.generated], [[], []]);
  });
});

describe('private keys', () => {
  useFace();
  const key = `${folder}/cosign.key`;
  const withKey = (environment?: string): ReturnType<typeof startSigning> => {
    fake.write(key, 'PEM');
    return startSigning(environment);
  };

  it('show their public key after the password, with the fingerprint', async () => {
    withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }, { choose: 'Copy Public Key' }]);
    assert.match(fake.script.messages().join(), /cosign\.key: ECDSA P-256, SHA256:signer/);
    assert.match(fake.clipboard, /BEGIN PUBLIC KEY/);
  });
  it('are told apart by the public key beside them, in the list and at the password', async () => {
    const { engine } = withKey();
    fake.write(`${folder}/lonely.key`, 'PEM');
    engine.describe = ({ reference }) => {
      if (reference === `${folder}/cosign.pub`) return [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:beside', pem: 'PEM' }];
      throw new CosignError('KEY_UNREADABLE', said`There is no such file.`);
    };
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { escape: true }]);
    assert.deepEqual(fake.script.shown[0]?.items.slice(0, 2).map(({ label, detail }) => [label, detail]), [['$(key) cosign.key', 'public key beside it: ECDSA P-256, SHA256:beside'], ['$(key) lonely.key', undefined]]);
    assert.match(fake.script.shown[1]?.text ?? '', /Password of cosign\.key \(public key beside it: ECDSA P-256, SHA256:beside\)/);
  });
  it('open their public key as a text', async () => {
    withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }, { choose: 'Open as Text' }]);
    assert.match(window.activeTextEditor?.document.getText() ?? '', /BEGIN PUBLIC KEY/);
  });
  it('are taken from a path, an environment variable or a dialog, and from nothing else', async () => {
    const { signing } = withKey();
    await answer('showPublicKey', [{ type: 'half/a/path' }, { type: '/elsewhere/x.key' }, { type: 'right' }]);
    await answer('showPublicKey', [{ type: 'env://COSIGN_KEY' }, { type: 'right' }]);
    await answer('showPublicKey', [{ pick: 'Choose a File' }, { files: [Uri.file('/d/y.key')] }, { type: 'right' }]);
    assert.deepEqual(signing.tried, ['/elsewhere/x.key', 'env://COSIGN_KEY', '/d/y.key']);
  });
  it('offer the one used last first', async () => {
    withKey();
    await answer('showPublicKey', [{ type: '/elsewhere/x.key' }, { type: 'right' }]);
    await answer('showPublicKey', [{ escape: true }]);
    assert.deepEqual(fake.script.shown.at(-1)?.items.slice(0, 2).map(({ label }) => label), ['$(key) x.key', '$(key) cosign.key']);
  });
  it('with a wrong password say so and ask again', async () => {
    const { signing } = withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'wrong' }, { run: () => undefined }, { type: 'right' }]);
    assert.match(String(fake.script.shown[2]?.validation), /wrong\. Try again/);
    assert.deepEqual([signing.tried.length, signing.unlockedKeys], [2, [key]]);
  });
  it('that are unlocked are not asked for a password again', async () => {
    const { signing } = withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    assert.deepEqual([signing.tried.length, signing.keepMs], [1, [900_000]]);
  });
  it('are locked after each command where the setting says so', async () => {
    fake.configuration.user['countersign.signing.unlockedFor'] = 0;
    const { signing } = withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    assert.deepEqual([signing.unlockedKeys, signing.tried.length], [[], 2]);
  });
  it('are locked at the end of a command without those that another command uses', async () => {
    fake.configuration.user['countersign.signing.unlockedFor'] = 0;
    const { signing } = withKey();
    await signing.unlock({ name: 'other', reference: '/other.key' }, 'right', 60_000);
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    await answer('changeKeyPassword', [{ pick: 'cosign.key' }, { type: 'right' }, { escape: true }]);
    assert.deepEqual(signing.unlockedKeys, ['/other.key']);
  });
  it('remember a password only when that was asked for', async () => {
    withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    assert.equal(fake.kept.size, 0);
    await answer('forgetPasswords', []);
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { press: 'Remember the password' }, { type: 'right' }]);
    assert.deepEqual(JSON.parse([...fake.kept.values()][0] ?? ''), { [key]: 'right' });
  });
  it('do not remember a password where remembering was turned on and off again', async () => {
    withKey();
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { press: 'Remember the password' }, { press: 'will be remembered' }, { type: 'right' }]);
    assert.equal(fake.kept.size, 0);
  });
  it('open with a remembered password without a question', async () => {
    const { signing } = withKey();
    fake.kept.set('countersign.passwords', JSON.stringify({ [key]: 'right' }));
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    assert.deepEqual([signing.unlockedKeys, fake.script.shown.map(({ kind }) => kind)], [[key], ['pick', 'message']]);
  });
  it('drop a remembered password that is wrong, and say so', async () => {
    withKey();
    fake.kept.set('countersign.passwords', JSON.stringify({ [key]: 'old', '/other.key': 'x' }));
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { run: () => undefined }, { type: 'right' }]);
    assert.match(JSON.stringify(fake.script.shown[1]?.validation), /remembered password is wrong; it was forgotten/);
    assert.deepEqual(JSON.parse(fake.kept.get('countersign.passwords') ?? ''), { '/other.key': 'x' });
  });
  it('open with COSIGN_PASSWORD, also where it is empty', async () => {
    const { signing } = withKey('');
    signing.password = '';
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    assert.deepEqual(signing.unlockedKeys, [key]);
  });
  it('ask where COSIGN_PASSWORD is wrong, and say so', async () => {
    const { signing } = withKey('from elsewhere');
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { run: () => undefined }, { type: 'right' }]);
    assert.match(JSON.stringify(fake.script.shown[1]?.validation), /COSIGN_PASSWORD does not open/);
    assert.deepEqual(signing.unlockedKeys, [key]);
  });
  it('are unreadable with their own words, not with a question', async () => {
    const { signing } = withKey('x');
    signing.unlock = () => Promise.reject(new CosignError('KEY_KDF_REFUSED', said`Its scrypt parameters are refused.`));
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    assert.match(fake.script.messages().join(), /scrypt parameters are refused/);
  });
  it('survive a secret storage with nonsense in it', async () => {
    withKey();
    fake.kept.set('countersign.passwords', 'not json');
    await answer('showPublicKey', [{ pick: 'cosign.key' }, { type: 'right' }]);
    assert.match(fake.script.messages().join(), /SHA256:signer/);
  });

  it('get another password after the old one', async () => {
    const { signing } = withKey();
    await answer('changeKeyPassword', [{ pick: 'cosign.key' }, { type: 'wrong' }, { type: 'right' }, { type: 'new' }, { type: 'new' }]);
    assert.deepEqual(signing.changed, [[key, 'right', 'new']]);
    assert.equal(fake.kept.size, 0);
  });
  it('with a remembered password are remembered with the new one', async () => {
    withKey();
    fake.kept.set('countersign.passwords', JSON.stringify({ [key]: 'right' }));
    await answer('changeKeyPassword', [{ pick: 'cosign.key' }, { type: 'right' }, { type: 'new' }, { type: 'new' }]);
    assert.deepEqual(JSON.parse(fake.kept.get('countersign.passwords') ?? ''), { [key]: 'new' });
  });
  it('in an environment variable keep their password: it is refused as soon as the key is chosen', async () => {
    const { signing } = withKey();
    await answer('changeKeyPassword', [{ type: 'env://COSIGN_PRIVATE_KEY' }]);
    assert.match(fake.script.messages().join(), /environment variable.*Choose its file/);
    assert.deepEqual([signing.tried, signing.changed], [[], []]);
  });
  it('say which key it is whose password is another one now', async () => {
    withKey();
    await answer('changeKeyPassword', [{ pick: 'cosign.key' }, { type: 'right' }, { type: 'new' }, { type: 'new' }]);
    assert.match(fake.script.messages().at(-1) ?? '', /cosign\.key \(ECDSA P-256, SHA256:signer\) is another one now/);
  });
  const changing: readonly Answer[] = [{ pick: 'cosign.key' }, { type: 'right' }, { type: 'new' }, { type: 'new' }];
  for (const [at] of changing.entries()) {
    it(`keep their password when the change is left at question ${at + 1}`, async () => {
      const { signing } = withKey();
      await answer('changeKeyPassword', [...changing.slice(0, at), { escape: true }]);
      assert.deepEqual([signing.changed, fake.script.messages()], [[], []]);
    });
  }

  it('are locked, and their passwords forgotten, on demand', async () => {
    const { signing } = withKey();
    fake.kept.set('countersign.passwords', JSON.stringify({ [key]: 'right', '/b.key': 'x' }));
    await answer('showPublicKey', [{ pick: 'cosign.key' }]);
    await answer('forgetPasswords', []);
    assert.deepEqual([signing.unlockedKeys, fake.kept.size], [[], 0]);
  });
});
