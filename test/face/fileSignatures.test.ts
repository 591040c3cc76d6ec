// Signing and verifying files from the editor: what is asked, what is written, and what is said about a file with a signature beside it.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { FileSignatureReport, FileVerdict } from '../../src/core/signingEngine.ts';
import { fake, Uri, workspace } from '../support/vscode.ts';
import type { FakeDocument } from '../support/vscode/documents.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { answer, folder, screen, settle, startSigning, trustKey, useFace } from './harness.ts';

const key = `${folder}/cosign.key`;
const file = `${folder}/app.txt`;
const asked: readonly Answer[] = [{ pick: 'cosign.key' }, { type: 'right' }];
const uri = (path = file): Uri => Uri.file(path);
const good: FileSignatureReport = { path: `${file}.sig`, format: 'signature', signedBy: { key: 'release', fingerprint: 'SHA256:signer' } };
const bad: FileSignatureReport = { path: `${file}.sigstore.json`, format: 'bundle', fault: said`It is for other contents.` };
const verified: FileVerdict = { kind: 'verified', signatures: [good], checkedAt: 0, fileSizeBytes: 3 };
const untrusted: FileVerdict = { kind: 'untrusted', signatures: [bad], checkedAt: 0, fileSizeBytes: 3 };
const unchecked: FileVerdict = { kind: 'unchecked', reason: new CosignError('FILE_UNREADABLE', said`app.txt.sig cannot be read.`), checkedAt: 0 };

type Started = ReturnType<typeof startSigning>;
/** Opens a file of any kind in the active editor. */
async function open(path = file): Promise<FakeDocument> {
  const document = fake.open(path, 'abc', 'plaintext');
  fake.show(document);
  await settle();
  return document;
}
const status = (): { text: string; label: string; colour: unknown } | undefined => {
  const item = [...fake.statusBar].find(({ command, visible }) => command === 'countersign.verifyFileSignature' && visible);
  return item && { text: item.text, label: (item.accessibilityInformation as { label: string }).label, colour: item.backgroundColor };
};

describe('signing files', () => {
  useFace();
  beforeEach(() => {
    fake.write(key, 'PEM');
    fake.write(file, 'abc');
  });

  it('signs the file in the active editor, both outputs beside it', async () => {
    const { signing } = startSigning();
    await open();
    await answer('signFile', asked);
    assert.deepEqual(signing.signedFiles, [{ file, key: { name: 'cosign.key', reference: key }, signature: `${file}.sig`, bundle: `${file}.sigstore.json`, overwrite: [] }]);
    assert.match(fake.script.messages().at(-1) ?? '', /Wrote app\.txt\.sig and app\.txt\.sigstore\.json, signed with ECDSA P-256, SHA256:signer/);
  });

  for (const [choice, outputs] of [['signature', ['signature']], ['bundle', ['bundle']]] as const) {
    it(`writes only the ${choice} where the setting says so`, async () => {
      fake.configuration.user['countersign.signing.fileOutputs'] = choice;
      const { signing } = startSigning();
      await answer('signFile', asked, uri());
      assert.deepEqual(Object.keys(signing.signedFiles[0] ?? {}).filter((name) => name === 'signature' || name === 'bundle'), outputs);
    });
  }

  it('signs all files selected in the explorer with one password', async () => {
    const { signing } = startSigning();
    await answer('signFile', asked, uri(), [uri(), uri(`${folder}/b.txt`), uri()]);
    assert.deepEqual([signing.signedFiles.map((item) => item.file), signing.tried.length], [[file, `${folder}/b.txt`], 1]);
  });

  it('shows one progress message for signing and one for verifying, however many files there are', async () => {
    trustKey();
    const { engine, signing } = startSigning();
    engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: 'PEM' }];
    signing.verdict = verified;
    await answer('signFile', asked, uri(), ['a', 'b', 'c', 'd', 'e'].map((name) => uri(`${folder}/${name}.txt`)));
    assert.deepEqual(fake.progress.map(({ title }) => title), ['Signing 5 files', 'Verifying 5 files']);
    assert.match(fake.script.messages().at(-1) ?? '', /Verified: all 5 files\. The keys that signed them: release \(SHA256:signer\)\.$/);
  });

  it('says how many are signed when the rest is cancelled', async () => {
    const { signing } = startSigning();
    const sign = signing.signFile.bind(signing);
    signing.signFile = (request, report, signal) => {
      if (request.file !== file) signing.gate = new Promise(() => undefined);
      return sign(request, report, signal);
    };
    const running = answer('signFile', asked, uri(), [uri(), uri(`${folder}/b.txt`)]);
    for (let turn = 0; turn < 60 && signing.signedFiles.length === 0; turn++) await settle();
    fake.progress[0]?.source.cancel();
    await running;
    assert.equal(fake.script.messages().at(-1), 'Cancelled: 1 of 2 files are signed.');
  });

  it('asks to save what is not saved, and signs nothing when it is not', async () => {
    const { signing } = startSigning();
    const document = await open();
    fake.edit(document, 'changed');
    await answer('signFile', [{ choose: 'nothing of it' }]);
    assert.deepEqual([signing.signedFiles, fake.script.shown.at(-1)?.modal], [[], true]);
    document.saves = () => false;
    await answer('signFile', [{ choose: 'Save and Sign' }]);
    assert.equal(signing.signedFiles.length, 0);
    document.saves = () => true;
    await answer('signFile', [{ choose: 'Save and Sign' }, ...asked]);
    assert.deepEqual([signing.signedFiles.length, document.isDirty], [1, false]);
  });

  it('replaces outputs only after a yes that named them', async () => {
    const { signing } = startSigning();
    fake.write(`${file}.sig`, 'old');
    await answer('signFile', [...asked, { choose: 'nothing of it' }], uri());
    assert.equal(signing.signedFiles.length, 0);
    assert.match(fake.script.shown.at(-1)?.text ?? '', /app\.txt\.sig will be replaced/);
    await answer('signFile', [{ pick: 'cosign.key' }, { choose: 'Replace' }], uri());
    assert.deepEqual(signing.signedFiles[0]?.overwrite, [`${file}.sig`]);
  });

  it('saves a buffer that is no file yet after a yes, and signs the file it became', async () => {
    const { signing } = startSigning();
    await open('untitled:Untitled-1');
    await answer('signFile', [{ choose: 'nothing of it' }]);
    await answer('signFile', [{ choose: 'Save and Sign' }]);
    assert.deepEqual([signing.tried, fake.script.shown.every(({ modal }) => modal)], [[], true]);
    fake.savesAs = uri();
    await answer('signFile', [{ choose: 'Save and Sign' }, ...asked]);
    assert.deepEqual(signing.signedFiles.map((request) => request.file), [file]);
    await open('untitled:Untitled-2');
    fake.savesAs = Uri.parse('remote:/x.txt');
    await answer('signFile', [{ choose: 'Save and Sign' }]);
    assert.match(fake.script.messages().at(-1) ?? '', /not a file on this machine/);
  });

  it('says how many are signed when one of several fails, in one message, and shows them', async () => {
    trustKey();
    const { signing } = startSigning();
    const sign = signing.signFile.bind(signing);
    signing.signFile = (request, report, signal) => (request.file.endsWith('c.txt') ? Promise.reject(new CosignError('FILE_CHANGED', said`c.txt changed while it was read.`)) : sign(request, report, signal));
    signing.verdict = verified;
    await open();
    await answer('signFile', asked, uri(), [uri(), uri(`${folder}/b.txt`), uri(`${folder}/c.txt`)]);
    const messages = fake.script.shown.filter(({ kind }) => kind === 'message');
    assert.deepEqual(messages.map(({ severity }) => severity), ['error']);
    assert.match(messages[0]?.text ?? '', /^c\.txt changed while it was read\. Before that, 2 of 3 files were signed\./);
    assert.equal(status()?.text, '$(verified-filled) Signed by release');
  });

  for (const [what, verdict, severity] of [['verified', verified, 'information'], ['untrusted', untrusted, 'warning'], ['unchecked', unchecked, 'warning'], ['unsigned', { kind: 'unsigned', checkedAt: 0 }, 'warning']] as const) {
    it(`is a${severity === 'warning' ? ' warning' : 'n information'} where the file is ${what} after signing`, async () => {
      trustKey();
      const { engine, signing } = startSigning();
      engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: 'PEM' }];
      signing.verdict = verdict;
      await answer('signFile', asked, uri());
      assert.deepEqual([fake.script.shown.at(-1)?.severity, /^Wrote app\.txt\.sig/.test(fake.script.messages().at(-1) ?? '')], [severity, true]);
    });
  }

  it('says that they are signed, and that this is not verified, when verifying is stopped', async () => {
    trustKey();
    const { engine, signing } = startSigning();
    engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: 'PEM' }];
    signing.verifyFile = (_file, _trust, _report, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => reject(signal.reason as Error)); });
    const running = answer('signFile', asked, uri());
    for (let turn = 0; turn < 60 && !fake.progress.some(({ title }) => title?.startsWith('Verifying')); turn++) await settle();
    fake.progress.find(({ title }) => title?.startsWith('Verifying'))?.source.cancel();
    await running;
    assert.match(fake.script.messages().at(-1) ?? '', /^Wrote .* Verifying was cancelled\.$/);
    assert.equal(fake.script.shown.at(-1)?.severity, 'warning');
  });

  it('names every output that a yes is asked for, and replaces no other', async () => {
    const { signing } = startSigning();
    const files = Array.from({ length: 12 }, (_, index) => `${folder}/f${index}.txt`);
    for (const path of files) fake.write(`${path}.sig`, 'old');
    await answer('signFile', [...asked, { choose: 'Replace' }], uri(files[0]), files.map(uri));
    const question = fake.script.shown.find(({ modal }) => modal)?.text ?? '';
    assert.deepEqual(files.filter((path) => !question.includes(`${path}.sig`)), []);
    assert.deepEqual(signing.signedFiles.map(({ overwrite }) => overwrite), files.map(() => files.map((path) => `${path}.sig`)));
  });

  for (const [at] of asked.entries()) {
    it(`writes nothing when it is left at question ${at + 1}`, async () => {
      const { signing } = startSigning();
      await answer('signFile', [...asked.slice(0, at), { escape: true }], uri());
      assert.deepEqual([signing.signedFiles, fake.script.messages(), fake.files.has(`${file}.sig`)], [[], [], false]);
    });
  }

  it('is refused in Restricted Mode', async () => {
    const { signing } = startSigning();
    workspace.isTrusted = false;
    await answer('signFile', [], uri());
    assert.deepEqual([signing.tried, fake.script.shown[0]?.severity], [[], 'error']);
  });

  it('says that there is no file, and refuses what is none on this machine', async () => {
    const { signing } = startSigning();
    await answer('signFile', []);
    await answer('signFile', [], { scheme: 'untitled', path: '/x' });
    await answer('signFile', [], { scheme: 5 });
    assert.deepEqual(fake.script.messages().map((text) => /Open a file first|not a file on this machine/.test(text)), [true, true, true]);
    assert.deepEqual(signing.tried, []);
  });

  it('shows how much of a large file is read, and stops on demand', async () => {
    const { signing } = startSigning();
    signing.gate = new Promise(() => undefined);
    const running = answer('signFile', asked, uri());
    for (let turn = 0; turn < 60 && !fake.progress.some(({ title }) => title?.startsWith('Signing')); turn++) await settle();
    fake.progress[0]?.source.cancel();
    await running;
    assert.deepEqual([fake.reports, signing.signedFiles, fake.script.messages()], [[{ increment: 25, message: '1.0 MB of 4.0 MB' }], [], []]);
  });

  it('says that a file changed while it was read', async () => {
    const { signing } = startSigning();
    signing.failure = new CosignError('FILE_CHANGED', said`app.txt changed while it was read.`);
    await answer('signFile', asked, uri());
    assert.match(fake.script.messages().join(), /changed while it was read/);
  });

  it('verifies what it wrote where the key is trusted, and offers trust where it is not', async () => {
    const face = startSigning();
    face.signing.verdict = verified;
    await answer('signFile', [...asked, { choose: 'Trust This Key' }, { escape: true }], uri());
    assert.deepEqual([face.signing.verified, fake.executed.map(({ command }) => command)], [[], ['countersign.addTrustedKey']]);
    trustKey();
    face.engine.describe = () => [{ algorithm: 'ECDSA P-256', fingerprint: 'SHA256:signer', pem: 'PEM' }];
    await answer('signFile', [{ pick: 'cosign.key' }, { choose: 'Replace' }], uri());
    assert.deepEqual(face.signing.verified, [file]);
    assert.match(fake.script.messages().at(-1) ?? '', /Verified: app\.txt is signed by release/);
  });
});

describe('a file with a signature beside it', () => {
  useFace();
  let face: Started;
  const begin = (verdict: FileVerdict = verified): void => {
    face = startSigning();
    face.signing.verdict = verdict;
  };
  beforeEach(() => {
    trustKey();
    fake.write(file, 'abc');
    fake.write(`${file}.sig`, 'signature');
  });

  it('is verified when it is opened, and the status bar says who signed', async () => {
    begin();
    await open();
    assert.deepEqual([status()?.text, status()?.label], ['$(verified-filled) Signed by release', 'Countersign, signature of app.txt: Signed by release']);
  });

  for (const ending of ['.sig', '.sigstore.json', '.bundle']) {
    it(`is verified as soon as another program puts a ${ending} beside it, and not shown any more when that is gone`, async () => {
      begin();
      fake.remove(`${file}.sig`);
      await open();
      assert.deepEqual([status(), face.loads], [undefined, 0]);
      fake.write(`${file}${ending}`, 'signature');
      await settle();
      assert.equal(status()?.text, '$(verified-filled) Signed by release');
      fake.remove(`${file}${ending}`);
      await settle();
      assert.equal(status(), undefined);
      fake.write(`${file}${ending}`, 'signature');
      await settle();
      assert.equal(status()?.text, '$(verified-filled) Signed by release');
    });
  }

  it('is not looked at without a signature, and the engine is not loaded for it', async () => {
    begin();
    fake.remove(`${file}.sig`);
    await open();
    assert.deepEqual([status(), face.loads], [undefined, 0]);
  });

  for (const [what, verdict, text] of [['untrusted', untrusted, /^\$\(error\) Untrusted/], ['unchecked', unchecked, /^\$\(question\) Could not check: a file cannot be read/]] as const) {
    it(`that is ${what} says so`, async () => {
      begin(verdict);
      await open();
      assert.match(status()?.text ?? '', text);
      assert.equal(status()?.colour !== undefined, what === 'untrusted');
    });
  }

  for (const [what, change] of [['the file changes', () => fake.write(file, 'abd')], ['the signature changes', () => fake.write(`${file}.sig`, 'x')], ['the file is gone', () => fake.remove(file)]] as const) {
    it(`is stale as soon as ${what} on disk, until it is verified again`, async () => {
      begin();
      await open();
      change();
      await settle();
      assert.equal(status()?.text, '$(history) Stale: changed since it was verified');
      await answer('verifyFileSignature', []);
      assert.equal(status()?.text, '$(verified-filled) Signed by release');
    });
  }

  it('is stale at once when it is saved', async () => {
    begin();
    const document = await open();
    fake.save(document);
    assert.match(status()?.text ?? '', /Stale/);
  });

  it('that changes while it is verified is not verified', async () => {
    begin();
    let finish = (): void => undefined;
    face.signing.gate = new Promise((resolve) => { finish = resolve; });
    await open();
    assert.match(status()?.text ?? '', /Verifying/);
    fake.write(file, 'other');
    finish();
    await settle();
    assert.match(status()?.text ?? '', /Stale/);
  });

  it('with changes that are not saved says that it means the saved ones', async () => {
    begin();
    const document = await open();
    fake.edit(document, 'abcd');
    assert.equal(status()?.text, '$(verified-filled) Signed by release (as saved)');
  });

  it('without any trusted key is not verified, and the command leads to one', async () => {
    fake.configuration.user = {};
    begin();
    await open();
    assert.match(status()?.text ?? '', /add a trusted key/);
    await answer('verifyFileSignature', [{ choose: 'Add Trusted Key' }, { escape: true }]);
    assert.deepEqual([face.signing.verified, fake.executed.map(({ command }) => command)], [[], ['countersign.addTrustedKey']]);
  });

  it('is verified only on demand where the setting says so', async () => {
    fake.configuration.user['countersign.verify.on'] = 'manual';
    begin();
    await open();
    assert.deepEqual([status()?.text, face.signing.verified], ['$(circle-outline) Signature not verified yet', []]);
    await answer('verifyFileSignature', []);
    assert.match(fake.script.messages().join(), /Verified: app\.txt is signed by release \(SHA256:signer\), in app\.txt\.sig\./);
  });

  it('is verified anew when the keys change', async () => {
    begin();
    await open();
    face.signing.verdict = untrusted;
    fake.set('user', 'countersign.keys', { other: '/keys/other.pub' });
    await settle();
    assert.match(status()?.text ?? '', /Untrusted/);
  });

  it('stopped while it is verified keeps what was known', async () => {
    begin();
    await open();
    face.signing.gate = new Promise(() => undefined);
    const running = answer('verifyFileSignature', []);
    await settle();
    fake.progress[0]?.source.cancel();
    await running;
    assert.deepEqual([status()?.text, fake.script.messages()], ['$(verified-filled) Signed by release', []]);
  });

  it('stopped after it changed is not verified again by that', async () => {
    begin();
    await open();
    face.signing.gate = new Promise(() => undefined);
    const running = answer('verifyFileSignature', []);
    await settle();
    fake.write(file, 'other');
    fake.progress[0]?.source.cancel();
    await running;
    assert.match(status()?.text ?? '', /Stale/);
  });

  it('is not on the status bar any more when another one is', async () => {
    begin();
    await open();
    await open(`${folder}/plain.txt`);
    assert.equal(status(), undefined);
    assert.deepEqual([...fake.watchers].map(({ pattern }) => (typeof pattern === 'string' ? pattern : pattern.pattern)), ['plain.txt{.sig,.sigstore.json,.bundle}']);
  });

  for (const [what, verdict, severity, text] of [['verified', verified, 'information', /^Verified/], ['untrusted', untrusted, 'warning', /^Untrusted.*app\.txt\.sigstore\.json: It is for other contents/], ['unchecked', unchecked, 'warning', /Whether it is signed is not known/], ['unsigned', { kind: 'unsigned', checkedAt: 0 }, 'information', /no signature beside it/]] as const) {
    it(`answers "${what}" in its own words on demand`, async () => {
      begin(verdict);
      await answer('verifyFileSignature', [], uri());
      assert.match(fake.script.messages().at(-1) ?? '', text);
      assert.equal(fake.script.shown.at(-1)?.severity, severity);
    });
  }

  it('is verified with all others that are selected in the explorer, in one message', async () => {
    begin();
    const [b, c, d, e] = ['b', 'c', 'd', 'e'].map((name) => `${folder}/${name}.txt`);
    const selected = [file, `${file}.sig`, b, c].map((path) => uri(path));
    await answer('verifyFileSignature', [], uri(), selected);
    assert.deepEqual(face.signing.verified, [file, b, c]);
    assert.deepEqual([fake.script.messages(), fake.progress.map(({ title }) => title)], [['Verified: all 3 files. The keys that signed them: release (SHA256:signer).'], ['Verifying 3 files']]);
    face.signing.verifyFile = (path) => Promise.resolve(path === file ? verified : path === b ? unchecked : untrusted);
    await answer('verifyFileSignature', [], uri(), [...selected, ...[d, e].map((path) => uri(path))]);
    assert.match(fake.script.messages().at(-1) ?? '', /^1 of 5 files are verified\. Could not check who signed b\.txt.*Untrusted: no signature beside c\.txt.*beside d\.txt.* 1 more are not verified\.$/);
    assert.equal(fake.script.shown.at(-1)?.severity, 'warning');
  });

  it('is verified in Restricted Mode with the keys of the user', async () => {
    begin();
    workspace.isTrusted = false;
    await answer('verifyFileSignature', [], uri());
    assert.match(fake.script.messages().join(), /Verified/);
  });

  it('is meant when the command is called on its signature', async () => {
    begin();
    await open(`${file}.sig`);
    await answer('verifyFileSignature', []);
    assert.deepEqual([...new Set(face.signing.verified)], [file]);
  });
});

describe('a signature file', () => {
  useFace();
  beforeEach(() => {
    trustKey();
    fake.write(file, 'abc');
    fake.write(`${file}.sig`, 'signature');
    fake.write(`${file}.sigstore.json`, '{}');
  });
  const show = async (verdict: FileVerdict, path = `${file}.sig`): Promise<FakeDocument> => {
    startSigning().signing.verdict = verdict;
    return open(path);
  };

  it('has a lens: which file, who signed', async () => {
    const document = await show(verified);
    assert.deepEqual(screen.titles(document), ['$(verified-filled) Signature of app.txt · Signed by release']);
    assert.deepEqual(screen.diagnostics(document), []);
  });
  it('says that it does not count although another one does', async () => {
    const document = await show({ ...verified, signatures: [good, bad] }, bad.path);
    assert.match(screen.titles(document)[0] ?? '', /^\$\(error\) Signature of app\.txt · Does not count: It is for other contents/);
    assert.deepEqual(screen.codes(document), ['file-untrusted']);
  });
  it('that could not be checked is not called untrusted', async () => {
    const document = await show(unchecked);
    assert.deepEqual(screen.codes(document), ['file-unchecked']);
  });
  it('is stale once the file changes', async () => {
    const document = await show(verified);
    fake.write(file, 'other');
    await settle();
    assert.deepEqual([screen.codes(document), /Stale/.test(screen.titles(document)[0] ?? '')], [['file-stale'], true]);
  });
  it('has no lens where lenses are turned off, and no problem where problems are', async () => {
    Object.assign(fake.configuration.user, { 'countersign.codeLens.enabled': false, 'countersign.diagnostics.untrusted': 'off' });
    const document = await show(untrusted, bad.path);
    assert.deepEqual([screen.lenses(document), screen.diagnostics(document)], [[], []]);
  });
  it('leaves no problem behind when it is closed', async () => {
    const document = await show(untrusted, bad.path);
    fake.close(document);
    await settle();
    assert.deepEqual(screen.diagnostics(document), []);
  });
  it('beside a file that nobody signed with Countersign has no lens', async () => {
    const document = await show(verified, `${folder}/notes.txt`);
    assert.deepEqual(screen.titles(document), []);
  });
});
