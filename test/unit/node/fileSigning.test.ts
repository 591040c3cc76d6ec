import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { digestOf, type Digest } from '../../../src/core/crypto/digest.ts';
import { importPrivateKey, type PrivateKey } from '../../../src/core/crypto/privateKey.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import type { TrustSettings } from '../../../src/core/policy/trustPolicy.ts';
import type { FileVerdict } from '../../../src/core/signingEngine.ts';
import { signFile } from '../../../src/node/signFile.ts';
import { signaturesBeside, verifyDigest, verifyFile } from '../../../src/node/verifyFile.ts';
import { encodeBlobBundle } from '../../../src/core/cosign/bundle.ts';
import { digestsOf, signBytes } from '../../../src/core/crypto/signatures.ts';
import { bytes, keyFile } from '../core/cosign/fixtures.ts';

const never = new AbortController().signal;
const nothing = (): void => undefined;
const root = mkdtempSync(join(tmpdir(), 'countersign-files-'));
const large = join(root, 'large');
const names = ['import-p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096', 'ed25519'];
const key = (name: string): PrivateKey => importPrivateKey(keyFile(`${name}.pkcs8.pem`));
const alice = key('import-p256');
const options = { keySource: { read: ({ reference }: { reference: string }) => (reference === 'broken' ? Promise.reject(new CosignError('KEY_UNREADABLE', said`no`)) : Promise.resolve(bytes(reference))) }, clock: { now: () => 5, sleep: () => Promise.resolve() } };
const trust = (...keys: readonly (PrivateKey | 'broken')[]): TrustSettings => ({ keys: keys.map((one, index) => ({ name: `key ${index}`, reference: one === 'broken' ? one : one.publicKey.pem })), policies: [], problems: [] });
const verify = (path: string, ...keys: readonly (PrivateKey | 'broken')[]): Promise<FileVerdict> => verifyFile(options, path, trust(...keys), nothing, never);
const told = (verdict: FileVerdict): unknown => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind === 'unsigned' ? verdict.kind : [verdict.kind, ...verdict.signatures.map(({ format, signedBy, fault }) => `${format}: ${signedBy?.key ?? (fault === undefined ? 'neither' : 'fault')}`)]);

let folder = '';
let file = '';
let next = 0;
before(() => { writeFileSync(large, Buffer.alloc(3_000_000, 'large ')); });
beforeEach(() => {
  folder = join(root, String(++next));
  mkdirSync(folder);
  file = join(folder, 'blob.txt');
  writeFileSync(file, 'hello blob\n');
});
after(() => { rmSync(root, { recursive: true, force: true }); });
const outputs = (of = file): { file: string; signature: string; bundle: string; overwrite: boolean } => ({ file: of, signature: `${of}.sig`, bundle: `${of}.sigstore.json`, overwrite: false });

describe('a signed file', () => {
  for (const name of names) {
    it(`by ${name} verifies with both files, and with another key or other contents does not`, async () => {
      await signFile(outputs(), key(name), nothing, never);
      assert.deepEqual(readdirSync(folder), ['blob.txt', 'blob.txt.sig', 'blob.txt.sigstore.json']);
      assert.match(readFileSync(`${file}.sig`, 'utf8'), /^[A-Za-z0-9+/]+=*$/);
      assert.deepEqual(told(await verify(file, key(name))), ['verified', 'signature: key 0', 'bundle: key 0']);
      const other = name === 'p384' ? 'p521' : 'p384';
      assert.deepEqual(told(await verify(file, key(other), key(name === 'ed25519' ? 'rsa2048' : 'ed25519'))), ['untrusted', 'signature: fault', 'bundle: fault']);
      writeFileSync(file, 'hello blob!');
      assert.deepEqual(told(await verify(file, key(name))), ['untrusted', 'signature: fault', 'bundle: fault']);
    });
  }

  it('may be empty', async () => {
    writeFileSync(file, '');
    for (const name of ['p384', 'ed25519']) {
      await signFile({ ...outputs(), overwrite: true }, key(name), nothing, never);
      assert.deepEqual(told(await verify(file, key(name))), ['verified', 'signature: key 0', 'bundle: key 0']);
    }
  });

  it('is read in pieces, with progress to the end', async () => {
    const progress: number[] = [];
    await signFile({ ...outputs(large), overwrite: true }, alice, (done, total) => { progress.push(done); assert.equal(total, 3_000_000); }, never);
    assert.ok(progress.length > 4);
    assert.deepEqual(progress, [...progress].sort((a, b) => a - b));
    assert.equal(progress.at(-1), 3_000_000);
    assert.deepEqual(told(await verify(large, alice)), ['verified', 'signature: key 0', 'bundle: key 0']);
  });

  it('of many times that size takes no more memory', async () => {
    truncateSync(large, 256 * 1024 ** 2);
    const before = process.memoryUsage().rss;
    let most = before;
    await signFile({ ...outputs(large), overwrite: true }, alice, () => { most = Math.max(most, process.memoryUsage().rss); }, never);
    assert.ok(most - before < 64 * 1024 ** 2, `${(most - before) / 1024 ** 2} MB`);
    truncateSync(large, 3_000_000);
  });

  it('gets only the outputs that are wanted, and none that exist unless told to', async () => {
    await signFile({ file, signature: `${file}.sig`, overwrite: false }, alice, nothing, never);
    assert.deepEqual(readdirSync(folder), ['blob.txt', 'blob.txt.sig']);
    const before = readFileSync(`${file}.sig`, 'utf8');
    await assert.rejects(signFile(outputs(), alice, nothing, never), (error: Error & { code: string }) => error.code === 'FILE_EXISTS' && error.message.includes('blob.txt.sig'));
    assert.deepEqual([readdirSync(folder), readFileSync(`${file}.sig`, 'utf8')], [['blob.txt', 'blob.txt.sig'], before]);
    await signFile({ ...outputs(), overwrite: true }, alice, nothing, never);
    assert.deepEqual(told(await verify(file, alice)), ['verified', 'signature: key 0', 'bundle: key 0']);
  });

  it('is never itself what is written', async () => {
    await assert.rejects(signFile({ file, signature: join(folder, '.', 'blob.txt'), overwrite: true }, alice, nothing, never), { code: 'FILE_EXISTS' });
    assert.equal(readFileSync(file, 'utf8'), 'hello blob\n');
  });

  it('is no folder, no pipe, and not missing', async () => {
    await assert.rejects(signFile({ file: join(folder, 'missing'), signature: join(folder, 's'), overwrite: false }, alice, nothing, never), { code: 'FILE_UNREADABLE' });
    await assert.rejects(signFile({ file: folder, signature: join(folder, 's'), overwrite: false }, alice, nothing, never), { code: 'FILE_EXISTS' });
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await assert.rejects(signFile({ file: join(folder, 'pipe'), signature: join(folder, 's'), overwrite: false }, alice, nothing, never), { code: 'FILE_UNREADABLE' });
    assert.ok(!existsSync(join(folder, 's')));
  });
});

describe('a file that changes while it is read', () => {
  for (const [what, change] of [
    ['grows', () => { appendFileSync(file, 'more'); }],
    ['shrinks', () => { truncateSync(file, 600_000); }],
    ['is written over with the same size and time', () => { const at = new Date(0); writeFileSync(file, Buffer.alloc(2_000_000, 1)); utimesSync(file, at, at); }],
    ['is replaced', () => { writeFileSync(`${file}.new`, Buffer.alloc(2_000_000)); renameSync(`${file}.new`, file); }],
    ['is removed', () => { rmSync(file); }],
  ] as const) {
    it(`because it ${what} is neither signed nor verified`, async () => {
      const start = (): void => { writeFileSync(file, Buffer.alloc(2_000_000)); utimesSync(file, new Date(0), new Date(0)); };
      start();
      await signFile({ file, signature: `${file}.sig`, overwrite: false }, key('ed25519'), nothing, never);
      const once = (): ((done: number) => void) => {
        let done = false;
        return (at) => { if (at > 0 && !done) { done = true; change(); } };
      };
      start();
      await assert.rejects(signFile({ file, bundle: `${file}.sigstore.json`, overwrite: false }, alice, once(), never), { code: 'FILE_CHANGED' });
      assert.deepEqual(existsSync(`${file}.sigstore.json`), false);
      start();
      assert.deepEqual(told(await verifyFile(options, file, trust(key('ed25519')), once(), never)), 'FILE_CHANGED');
      start();
      // The same between the first reading and the second.
      let readings = 0;
      assert.deepEqual(told(await verifyFile(options, file, trust(key('ed25519')), (at) => { if (at === 0 && ++readings === 2) change(); }, never)), 'FILE_CHANGED');
    });
  }

  it('cancelled rejects with the reason and writes nothing', async () => {
    const abort = new AbortController();
    const cancel = (done: number): void => { if (done > 0) abort.abort(new Error('enough')); };
    const target = { file: large, signature: join(folder, 's'), overwrite: false };
    await assert.rejects(signFile(target, alice, cancel, abort.signal), { message: 'enough' });
    assert.deepEqual(readdirSync(folder), ['blob.txt']);
    const second = new AbortController();
    await signFile({ ...target, signature: `${large}.sig`, overwrite: true }, alice, nothing, never);
    await assert.rejects(verifyFile(options, large, trust(alice), (done) => { if (done > 0) second.abort(new Error('stop')); }, second.signal), { message: 'stop' });
  });
});

describe('the verdict for a digest', () => {
  const digestOfBlob = digestOf(bytes('hello blob\n'));
  for (const name of names) {
    it(`is that of the file with ${name}${name === 'ed25519' ? ', but for what needs the file itself' : ''}`, async () => {
      await signFile(outputs(), key(name), nothing, never);
      const signatures = await signaturesBeside(file, never);
      const verdict = async (digest: Digest, by: PrivateKey): Promise<unknown> => told(await verifyDigest(options, digest, trust(by), signatures, never));
      const bad = ['untrusted', 'signature: fault', 'bundle: fault'];
      // Neither a pure Ed25519 signature nor one over SHA-384 or SHA-512 can be told from a wrong one.
      const unknown = ['p384', 'p521', 'ed25519'].includes(name) ? 'FILE_NEEDED' : bad;
      assert.deepEqual(await verdict(digestOfBlob, key(name)), name === 'ed25519' ? 'FILE_NEEDED' : ['verified', 'signature: key 0', 'bundle: key 0']);
      assert.deepEqual(await verdict(digestOf(bytes('other')), key(name)), unknown);
      assert.deepEqual(await verdict(digestOfBlob, key(name === 'rsa4096' ? 'rsa2048' : 'rsa4096')), bad);
      assert.deepEqual(await verdict(digestOfBlob, key(name === 'p384' ? 'p521' : 'p384')), 'FILE_NEEDED');
    });
  }

  it('is not known where a bundle names the contents by a longer digest, and is that of the file with the file', async () => {
    const blob = bytes('hello blob\n');
    for (const [algorithm, hash] of [['SHA2_384', 'sha384'], ['SHA2_512', 'sha512']] as const) {
      const made = JSON.parse(new TextDecoder().decode(encodeBlobBundle(alice.publicKey.hint, digestsOf(blob).sha256, signBytes(alice, blob)))) as { messageSignature: { messageDigest: unknown } };
      made.messageSignature.messageDigest = { algorithm, digest: Buffer.from(digestsOf(blob)[hash]).toString('base64') };
      writeFileSync(`${file}.sigstore.json`, JSON.stringify(made));
      const signatures = await signaturesBeside(file, never);
      assert.equal(told(await verifyDigest(options, digestOfBlob, trust(alice), signatures, never)), 'FILE_NEEDED');
      assert.deepEqual(told(await verify(file, alice)), ['verified', 'bundle: key 0']);
    }
  });

  it('of a bundle for other contents is untrusted, whatever cannot be checked about its signature', async () => {
    await signFile({ file, bundle: `${file}.sigstore.json`, overwrite: false }, key('ed25519'), nothing, never);
    assert.deepEqual(told(await verifyDigest(options, digestOf(bytes('other')), trust(key('ed25519')), await signaturesBeside(file, never), never)), ['untrusted', 'bundle: fault']);
  });

  it('takes signatures that were read already, and is unchecked without a key', async () => {
    await signFile(outputs(), alice, nothing, never);
    const content = readFileSync(`${file}.sig`);
    assert.deepEqual(told(await verifyDigest(options, digestOfBlob, trust(alice), [{ path: '-', format: 'signature', content }], never)), ['verified', 'signature: key 0']);
    assert.equal(told(await verifyDigest(options, digestOfBlob, trust(), [{ path: '-', format: 'signature', content }], never)), 'SETTING_INVALID');
  });
});

describe('the verdict for a file', () => {
  it('is unsigned with nothing beside it, and unchecked when it is not there', async () => {
    assert.deepEqual(await verify(file, alice), { kind: 'unsigned', checkedAt: 5 });
    assert.deepEqual(told(await verify(join(folder, 'missing'), alice)), 'FILE_UNREADABLE');
    assert.deepEqual(await signaturesBeside(file, never), []);
  });

  it('is unchecked without keys, with unreadable ones, and with a signature that cannot be read', async () => {
    await signFile(outputs(), alice, nothing, never);
    assert.equal(told(await verify(file)), 'SETTING_INVALID');
    assert.equal(told(await verify(file, 'broken')), 'KEY_UNREADABLE');
    assert.equal(told(await verify(file, key('p384'), 'broken')), 'KEY_UNREADABLE');
    assert.deepEqual(told(await verify(file, alice, 'broken')), ['verified', 'signature: key 0', 'bundle: key 0']);
    const missing = { path: join(folder, 'missing.sig'), format: 'signature' } as const;
    assert.equal(told(await verifyFile(options, file, trust(alice), nothing, never, [missing])), 'FILE_UNREADABLE');
    writeFileSync(`${file}.bundle`, Buffer.alloc(11 * 1024 * 1024, ' '));
    assert.deepEqual(told(await verify(file, alice)), ['verified', 'signature: key 0', 'bundle: key 0', 'legacy bundle: fault']);
    assert.equal(told(await verify(file, key('p384'))), 'FILE_UNREADABLE');
  });

  it('reports each signature: mixed-up ones, other digests, newer bundles and foreign keys do not count', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'other');
    await signFile(outputs(other), alice, nothing, never);
    writeFileSync(`${file}.sig`, readFileSync(`${other}.sig`));
    const good = signBytes(alice, bytes('hello blob\n'));
    writeFileSync(`${file}.sigstore.json`, encodeBlobBundle(alice.publicKey.hint, Buffer.alloc(32), good));
    writeFileSync(`${file}.bundle`, JSON.stringify({ base64Signature: Buffer.from(signBytes(key('p384'), bytes('hello blob\n'))).toString('base64'), cert: Buffer.from(key('p384').publicKey.pem).toString('base64') }));
    assert.deepEqual(told(await verify(file, alice)), ['untrusted', 'signature: fault', 'bundle: fault', 'legacy bundle: fault']);
    const newer = Buffer.from(encodeBlobBundle(alice.publicKey.hint, Buffer.alloc(32), good)).toString().replace('v0.3', 'v0.4');
    writeFileSync(`${file}.sigstore.json`, newer);
    writeFileSync(`${file}.bundle`, '');
    writeFileSync(`${file}.sig`, good);
    assert.deepEqual(told(await verify(file, alice)), ['verified', 'signature: key 0', 'bundle: fault', 'legacy bundle: fault']);
    const only = [{ path: `${file}.sigstore.json`, format: 'bundle' } as const];
    assert.deepEqual(told(await verifyFile(options, file, trust(alice), nothing, never, only)), ['untrusted', 'bundle: fault']);
  });
});
