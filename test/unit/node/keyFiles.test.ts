import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { decryptPrivateKey, generateKeyPair, type KeyPairFiles } from '../../../src/core/crypto/encryptedKey.ts';
import { changeKeyPassword, refuseExistingKeys, writeKeyPair } from '../../../src/node/keyFiles.ts';
import { existingFiles, writeFiles } from '../../../src/node/writeFiles.ts';

const never = new AbortController().signal;
const root = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
let folder = '';
let pair: KeyPairFiles;
let next = 0;
before(async () => { pair = await generateKeyPair('password', never); });
beforeEach(() => {
  folder = join(root, String(++next));
  mkdirSync(folder);
});
after(() => { rmSync(root, { recursive: true, force: true }); });

const paths = (): { privateKey: string; publicKey: string } => ({ privateKey: join(folder, 'a.key'), publicKey: join(folder, 'a.pub') });
const files = (): readonly string[] => readdirSync(folder).sort();
const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
const posix = process.platform !== 'win32';

describe('a new key pair', () => {
  it('is two whole files that only the owner may read, and that all may, whatever the umask is', async () => {
    const umask = process.umask(0o077);
    try {
      await writeKeyPair(paths(), pair, false, never);
    } finally {
      process.umask(umask);
    }
    assert.deepEqual(files(), ['a.key', 'a.pub']);
    assert.equal(readFileSync(paths().privateKey, 'utf8'), pair.privatePem);
    assert.equal(readFileSync(paths().publicKey, 'utf8'), pair.publicPem);
    if (posix) assert.deepEqual([mode(paths().privateKey), mode(paths().publicKey)], ['600', '644']);
  });

  for (const there of [['a.key'], ['a.pub'], ['a.key', 'a.pub']] as const) {
    it(`does not overwrite ${there.join(' and ')}, and leaves nothing else`, async () => {
      for (const name of there) writeFileSync(join(folder, name), 'old');
      for (const attempt of [() => refuseExistingKeys(paths(), false), () => writeKeyPair(paths(), pair, false, never)]) {
        await assert.rejects(attempt(), (error: Error & { code: string }) => error.code === 'KEY_EXISTS' && there.every((name) => error.message.includes(join(folder, name))));
      }
      assert.deepEqual(files(), [...there]);
      for (const name of there) assert.equal(readFileSync(join(folder, name), 'utf8'), 'old');
    });

    it(`replaces ${there.join(' and ')} after a yes`, async () => {
      for (const name of there) writeFileSync(join(folder, name), 'old', { mode: 0o666 });
      await writeKeyPair(paths(), pair, true, never);
      assert.deepEqual(files(), ['a.key', 'a.pub']);
      assert.equal(readFileSync(paths().privateKey, 'utf8'), pair.privatePem);
      if (posix) assert.equal(mode(paths().privateKey), '600');
    });
  }

  for (const [agreed, appeared] of [['a.pub', 'a.key'], ['a.key', 'a.pub']] as const) {
    it(`after a yes to ${agreed} alone does not replace an ${appeared} that appeared since`, async () => {
      writeFileSync(join(folder, agreed), 'old');
      const overwrite = [join(folder, agreed)];
      // Just before the files are put in their places.
      let calls = 0;
      const signal = Object.assign(new AbortController().signal, { throwIfAborted: () => { if (++calls === 2) writeFileSync(join(folder, appeared), 'precious'); } });
      await assert.rejects(writeKeyPair(paths(), pair, overwrite, signal), { code: 'KEY_EXISTS' });
      await assert.rejects(writeKeyPair(paths(), pair, overwrite, never), (error: Error & { code: string }) => error.code === 'KEY_EXISTS' && error.message.includes(appeared) && !error.message.includes(agreed));
      assert.deepEqual([files(), readFileSync(join(folder, agreed), 'utf8'), readFileSync(join(folder, appeared), 'utf8')], [['a.key', 'a.pub'], 'old', 'precious']);
    });
  }

  it('does not follow a symbolic link, be it to nowhere, and replaces only the link after a yes', { skip: !posix && 'no links' }, async () => {
    writeFileSync(join(folder, 'target'), 'precious');
    symlinkSync(join(folder, 'target'), paths().privateKey);
    symlinkSync(join(folder, 'nowhere'), paths().publicKey);
    assert.deepEqual(await existingFiles(Object.values(paths())), Object.values(paths()));
    await assert.rejects(writeKeyPair(paths(), pair, false, never), { code: 'KEY_EXISTS' });
    await writeKeyPair(paths(), pair, true, never);
    assert.deepEqual(files(), ['a.key', 'a.pub', 'target']);
    assert.equal(readFileSync(join(folder, 'target'), 'utf8'), 'precious');
    assert.ok(lstatSync(paths().privateKey).isFile());
  });

  it('never replaces a folder', async () => {
    mkdirSync(paths().publicKey);
    for (const overwrite of [false, true]) await assert.rejects(writeKeyPair(paths(), pair, overwrite, never), { code: 'KEY_EXISTS' });
    assert.deepEqual(files(), ['a.pub']);
  });

  it('is not written under one name twice, into no folder, and not after a cancel', async () => {
    await assert.rejects(writeKeyPair({ privateKey: join(folder, 'a'), publicKey: join(folder, 'b', '..', 'a') }, pair, true, never), { code: 'KEY_EXISTS' });
    await assert.rejects(writeKeyPair({ ...paths(), publicKey: join(folder, 'missing', 'a.pub') }, pair, false, never), { code: 'FILE_UNREADABLE' });
    await assert.rejects(writeKeyPair(paths(), pair, false, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
    assert.deepEqual(files(), []);
  });

  it('that fails at its second file leaves the first as it was', async () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    for (const overwrite of [true, false]) {
      const first = join(folder, overwrite ? 'old.key' : 'new.key');
      if (overwrite) writeFileSync(first, 'old');
      // Just before the files are put in their places, somebody else takes the second name.
      const second = join(other, 'b.pub');
      const signal = Object.assign(new AbortController().signal, { throwIfAborted: () => { if (readdirSync(other).length === 1) mkdirSync(second); } });
      await assert.rejects(writeFiles([{ path: first, content: 'new', mode: 0o600 }, { path: second, content: 'new', mode: 0o600 }], { overwrite, existsCode: 'KEY_EXISTS' }, signal), { code: 'KEY_EXISTS' });
      rmdirSync(second);
      assert.deepEqual(files(), ['old.key', 'other']);
      assert.deepEqual(readdirSync(other), []);
      assert.equal(readFileSync(join(folder, 'old.key'), 'utf8'), 'old');
    }
  });

  it('takes away what a crash left long ago, and nothing that may still be needed', async () => {
    const hex = '0123456789abcdef';
    const [left, young, old, foreign] = [`.countersign-new-${hex}.tmp.key`, `.countersign-new-${hex}.tmp.pub`, `.countersign-old-${hex}.tmp.key`, '.countersign-new-mine.key'] as const;
    for (const name of [left, young, old, foreign]) writeFileSync(join(folder, name), 'x');
    const longAgo = new Date(Date.now() - 2 * 3600_000);
    for (const name of [left, old, foreign]) utimesSync(join(folder, name), longAgo, longAgo);
    await writeKeyPair(paths(), pair, false, never);
    assert.deepEqual(files(), ['a.key', 'a.pub', young, old, foreign].sort());
  });

  it('has on its way a name that ends like its own, so that what keeps *.key out of git keeps it out', async () => {
    let seen: readonly string[] = [];
    const signal = Object.assign(new AbortController().signal, { throwIfAborted: () => { seen = files(); } });
    await writeKeyPair(paths(), pair, false, signal);
    assert.deepEqual(seen.map((name) => name.replace(/[0-9a-f]{16}/, 'X')).sort(), ['.countersign-new-X.tmp.key', '.countersign-new-X.tmp.pub']);
  });

  it('made twice at the same time is written once', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => writeKeyPair(paths(), pair, false, never)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(files(), ['a.key', 'a.pub']);
  });
});

describe('changing the password of a key file', () => {
  it('keeps the key and its permissions, and leaves one file', async () => {
    writeFileSync(paths().privateKey, pair.privatePem);
    chmodSync(paths().privateKey, 0o640);
    await changeKeyPassword(paths().privateKey, 'password', 'another', never);
    assert.deepEqual(files(), ['a.key']);
    if (posix) assert.equal(mode(paths().privateKey), '640');
    const key = await decryptPrivateKey(readFileSync(paths().privateKey), 'another', never);
    assert.equal(key.publicKey.fingerprint, pair.key.publicKey.fingerprint);
  });

  it('with a wrong password, or cancelled, leaves the old file', async () => {
    writeFileSync(paths().privateKey, pair.privatePem);
    await assert.rejects(changeKeyPassword(paths().privateKey, 'wrong', 'another', never), { code: 'KEY_PASSWORD_WRONG' });
    const abort = new AbortController();
    const changing = changeKeyPassword(paths().privateKey, 'password', 'another', abort.signal);
    setTimeout(() => { abort.abort(new Error('enough')); }, 5);
    await assert.rejects(changing, { message: 'enough' });
    assert.deepEqual([files(), readFileSync(paths().privateKey, 'utf8')], [['a.key'], pair.privatePem]);
  });

  it('of a file that somebody else replaces meanwhile leaves theirs', async () => {
    writeFileSync(paths().privateKey, pair.privatePem);
    const changing = changeKeyPassword(paths().privateKey, 'password', 'another', never);
    setTimeout(() => { writeFileSync(paths().privateKey, 'theirs'); }, 30);
    await assert.rejects(changing, { code: 'FILE_CHANGED' });
    assert.deepEqual([files(), readFileSync(paths().privateKey, 'utf8')], [['a.key'], 'theirs']);
  });

  it('behind a symbolic link changes the file and keeps the link', { skip: !posix && 'no links' }, async () => {
    mkdirSync(join(folder, 'real'));
    writeFileSync(join(folder, 'real', 'b.key'), pair.privatePem);
    symlinkSync(join(folder, 'real', 'b.key'), paths().privateKey);
    await changeKeyPassword(paths().privateKey, 'password', '', never);
    assert.ok(lstatSync(paths().privateKey).isSymbolicLink());
    await decryptPrivateKey(readFileSync(join(folder, 'real', 'b.key')), '', never);
    assert.deepEqual(readdirSync(join(folder, 'real')), ['b.key']);
  });

  it('of what is missing or a folder says so', async () => {
    for (const path of [join(folder, 'missing'), folder]) await assert.rejects(changeKeyPassword(path, '', '', never), { code: 'FILE_UNREADABLE' });
    assert.ok(existsSync(folder));
  });
});
