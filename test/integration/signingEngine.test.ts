// The signing engine as the editor gets it: keys on disk, unlocked for a while, and what is never let out.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { password, Ours, never, type KeyFiles } from '../interop/signing.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const ours = new Ours();
const { engine, directory } = ours;
let registry: TestRegistry;
let key: KeyFiles;
const setting = (reference: string): { name: string; reference: string } => ({ name: 'release', reference });
const codeOf = (work: Promise<unknown>): Promise<string> => work.then(() => 'done', (error: unknown) => String((error as { code?: string }).code));
const nothing = (): void => undefined;

before(async () => {
  registry = await startRegistry();
  key = await ours.generated('release');
});
after(async () => {
  ours.close();
  await registry.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('keys', () => {
  it('are made once, named when they exist, and made anew after a yes', async () => {
    const paths = { privateKey: key.key, publicKey: key.pub };
    assert.deepEqual(await engine.existing(paths, never), [key.key, key.pub]);
    assert.equal(await codeOf(engine.generateKeyPair({ paths, password, overwrite: false }, never)), 'KEY_EXISTS');
    assert.equal(readFileSync(key.pub, 'utf8'), key.pem);
    const fresh = { privateKey: join(directory, 'fresh.key'), publicKey: join(directory, 'fresh.pub') };
    assert.deepEqual(await engine.existing(fresh, never), []);
    const made = await engine.generateKeyPair({ paths: fresh, password: '', overwrite: false }, never);
    assert.equal(made.algorithm, 'ECDSA P-256');
    assert.equal(made.pem, readFileSync(fresh.publicKey, 'utf8'));
    assert.notEqual((await engine.generateKeyPair({ paths: fresh, password: '', overwrite: true }, never)).fingerprint, made.fingerprint);
  });

  it('that cannot be imported leave nothing behind', async () => {
    const paths = { privateKey: join(directory, 'no.key'), publicKey: join(directory, 'no.pub') };
    for (const [file, code] of [['rsa1024.pem', 'KEY_UNSUPPORTED'], ['p224.pem', 'KEY_UNSUPPORTED'], ['encrypted-pkcs8.pem', 'KEY_UNSUPPORTED'], ['certificate.pem', 'KEY_IS_CERTIFICATE'], ['nowhere.pem', 'FILE_UNREADABLE']] as const) {
      assert.equal(await codeOf(engine.importKeyPair(`test/fixtures/keys/${file}`, { paths, password, overwrite: false }, never)), code, file);
      assert.equal(await codeOf(engine.describeImport(`test/fixtures/keys/${file}`, never)), code, file);
    }
    assert.deepEqual(await engine.existing(paths, never), []);
    assert.deepEqual(readdirSync(directory).filter((name) => name.startsWith('.')), []);
  });

  it('are unlocked with their password only, from a file or a text, and forgotten on request', async () => {
    engine.lock();
    assert.equal(await engine.unlocked(setting(key.key), never), undefined);
    assert.equal(await codeOf(engine.unlock(setting(key.key), 'wrong', 1000, never)), 'KEY_PASSWORD_WRONG');
    assert.equal(await engine.unlocked(setting(key.key), never), undefined);
    for (const reference of [key.key, readFileSync(key.key, 'utf8')]) {
      assert.equal((await engine.unlock(setting(reference), password, 60_000, never)).pem, key.pem);
      assert.equal((await engine.unlocked(setting(reference), never))?.pem, key.pem);
    }
    engine.lock();
    assert.equal(await engine.unlocked(setting(key.key), never), undefined);
    assert.equal(await codeOf(engine.unlock(setting('https://keys.example/cosign.key'), password, 1000, never)), 'KEY_UNSUPPORTED');
  });

  it('are locked for a file that was replaced, and after one use when kept for no time', async () => {
    const blob = join(directory, 'blob');
    writeFileSync(blob, 'blob');
    const sign = (): Promise<string> => codeOf(engine.signFile({ file: blob, key: setting(key.key), signature: `${blob}.sig`, overwrite: true }, nothing, never));
    await engine.unlock(setting(key.key), password, 0, never);
    assert.deepEqual([await sign(), await sign()], ['done', 'KEY_PASSWORD_WRONG']);
    await engine.unlock(setting(key.key), password, 60_000, never);
    assert.equal(await sign(), 'done');
    const changed = await engine.changePassword(key.key, password, 'another', never);
    assert.deepEqual([changed.pem, await engine.unlocked(setting(key.key), never)], [key.pem, undefined]);
    assert.equal(await sign(), 'KEY_PASSWORD_WRONG');
    await engine.changePassword(key.key, 'another', password, never);
  });
});

describe('a repository for signatures', () => {
  it('is a whole repository name without tag and digest', async () => {
    registry.store.putImage('demo/app', '1.0');
    const plan = (signatureRepository: string): Promise<string> => codeOf(engine.planImage({ reference: parseReference(`${registry.host}/demo/app:1.0`), format: 'both', recursive: false, signatureRepository }, never));
    assert.equal(await plan(`${registry.host}/signatures/all`), 'done');
    for (const [text, code] of [[`${registry.host}/all:tag`, 'SETTING_INVALID'], [`${registry.host}/all@sha256:${'0'.repeat(64)}`, 'SETTING_INVALID'], ['all', 'SETTING_INVALID'], ['UPPER/CASE', 'REFERENCE_INVALID']] as const) assert.equal(await plan(text), code, text);
  });
});

it('no password, and nothing of a private key, is in any error or in anything pushed', async () => {
  const canary = 'canary-password-7f3a';
  const paths = { privateKey: join(directory, 'canary.key'), publicKey: join(directory, 'canary.pub') };
  await engine.generateKeyPair({ paths, password: canary, overwrite: false }, never);
  const thrown: unknown[] = [];
  const attempt = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => thrown.push(error));
  await attempt(engine.generateKeyPair({ paths, password: canary, overwrite: false }, never));
  await attempt(engine.unlock(setting(paths.privateKey), `${canary}!`, 1000, never));
  await attempt(engine.changePassword(paths.privateKey, `${canary}!`, canary, never));
  await attempt(engine.unlock(setting(readFileSync(paths.privateKey, 'utf8').replace('ENCRYPTED', 'SECRET')), canary, 1000, never));
  await engine.unlock(setting(paths.privateKey), canary, 60_000, never);
  registry.store.putImage('demo/canary', '1.0');
  const plan = await engine.planImage({ reference: parseReference(`${registry.host}/demo/canary:1.0`), format: 'both', recursive: false }, never);
  await engine.signImage({ plan, key: setting(paths.privateKey), annotations: {}, dockerMediaTypes: false }, nothing, never);
  assert.equal(thrown.length, 4);
  const body = readFileSync(paths.privateKey, 'utf8').split('\n')[3] ?? '';
  const texts = thrown.map((error) => (error instanceof Error ? `${error.message} ${error.stack ?? ''} ${JSON.stringify(error)} ${String(error.cause)}` : String(error)));
  const { blobs, manifests } = registry.store.repository('demo/canary');
  const pushed = [...blobs.values(), ...[...manifests.values()].map(({ bytes }) => bytes)].map((bytes) => Buffer.from(bytes).toString());
  for (const text of [...texts, ...pushed]) assert.ok(!text.includes(canary) && !text.includes(body));
});
