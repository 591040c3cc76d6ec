import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import type { KeySource } from '../../../src/core/policy/keySource.ts';
import { createKeySource, type KeySourceOptions } from '../../../src/node/keySource.ts';
import { makeTransport, never, startServer, tlsFile, type TestServer } from './servers.ts';

const pem = '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n';

async function makeSource(test: TestContext, options: Partial<KeySourceOptions> = {}): Promise<{ source: KeySource; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(folder, { recursive: true }));
  const transport = makeTransport(test, { certificateAuthorities: { '127.0.0.1': tlsFile('authority.pem') } });
  return { source: createKeySource({ transport, env: { KEY: pem, EMPTY: ' ' }, homeDirectory: folder, ...options }), folder };
}

async function read(source: KeySource, reference: string, baseDirectory?: string, fresh = false): Promise<string> {
  const setting = { name: 'release', reference, ...(baseDirectory === undefined ? {} : { baseDirectory }) };
  return Buffer.from(await source.read(setting, { fresh }, never)).toString();
}

const fails = (reading: Promise<unknown>, code = 'KEY_UNREADABLE', words = /release/): Promise<void> => assert.rejects(reading, (error) =>
  error instanceof CosignError && error.code === code && words.test(error.message) && !`${error.message}${String(error.remedy)}`.includes('s3cret'));

it('reads an inline PEM, a variable, and files by absolute, relative and home path', async (test) => {
  const { source, folder } = await makeSource(test);
  await writeFile(join(folder, 'cosign.pub'), 'file');
  assert.equal(await read(source, `  ${pem}`), pem.trim());
  assert.equal(await read(source, 'env://KEY'), pem);
  for (const reference of [join(folder, 'cosign.pub'), './cosign.pub', '../' + (folder.split('/').pop() ?? '') + '/cosign.pub', '~/cosign.pub']) {
    assert.equal(await read(source, reference, folder), 'file');
  }
});

it('says why a file or a variable cannot be read', async (test) => {
  const { source, folder } = await makeSource(test);
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'large'), 'x'.repeat(65 * 1024));
  await fails(read(source, 'missing.pub', folder), 'KEY_UNREADABLE', /does not exist/);
  await fails(read(source, 'large/x', folder), 'KEY_UNREADABLE', /does not exist/);
  await fails(read(source, 'sub', folder), 'KEY_UNREADABLE', /folder/);
  await fails(read(source, 'large', folder), 'KEY_UNREADABLE', /larger/);
  await fails(read(source, '/dev/zero'), 'KEY_UNREADABLE', /regular/);
  await fails(read(source, 'relative.pub'), 'KEY_UNREADABLE', /relative/);
  await fails(read(source, 'a\0b', folder));
  await fails(read(source, 'env://UNSET'), 'KEY_UNREADABLE', /UNSET/);
  await fails(read(source, 'env://EMPTY'), 'KEY_UNREADABLE', /empty/);
  await fails(read(source, pem.repeat(2000)));
  if (process.getuid?.() === 0) return;
  await chmod(join(folder, 'large'), 0);
  await fails(read(source, 'large', folder), 'KEY_UNREADABLE', /may not/);
});

it('a file is read again when it changes, or when asked afresh', async (test) => {
  const { source, folder } = await makeSource(test);
  const write = async (content: string, time: number): Promise<void> => {
    await writeFile(join(folder, 'k'), content);
    await utimes(join(folder, 'k'), time, time);
  };
  await write('one', 1);
  assert.equal(await read(source, 'k', folder), 'one');
  await write('two', 1);
  assert.equal(await read(source, 'k', folder), 'one');
  assert.equal(await read(source, 'k', folder, true), 'two');
  await write('six', 2);
  assert.equal(await read(source, 'k', folder), 'six');
});

for (const reference of ['k8s://ns/name', 'gcpkms://projects/p', 'awskms:///alias/x', 'azurekms://v/k', 'hashivault://k', 'openbao://k', 'gitlab://o/p', 'github://o', 'pkcs11:token=x', 'file:///k', 'other://x']) {
  it(`${reference} is not supported and says so`, async (test) => {
    const { source } = await makeSource(test);
    await fails(read(source, reference), 'KEY_UNSUPPORTED');
  });
}

function keyServer(test: TestContext, certificate?: string): Promise<TestServer> {
  return startServer(test, (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    const hops = Number(/^\/hops\/(\d+)$/.exec(path)?.[1] ?? -1);
    if (hops > 0) response.writeHead(302, { location: `/hops/${hops - 1}` }).end();
    else if (path === '/plain') response.writeHead(302, { location: 'http://127.0.0.1/k' }).end();
    else if (path === '/large') response.end('x'.repeat(65 * 1024));
    else if (path === '/missing') response.writeHead(404).end('not a key');
    else if (path === '/cut') response.writeHead(200, { 'content-length': '100' }).write('x', () => { request.socket.destroy(); });
    else response.end(pem);
  }, certificate);
}

it('reads a key over https without credentials, and over http on this machine only', async (test) => {
  const { source } = await makeSource(test);
  const [secure, plain] = [await keyServer(test, 'registry'), await keyServer(test)];
  assert.equal(await read(source, `${secure.url.href}k?x=1`), pem);
  assert.equal(secure.requests[0]?.headers.authorization, undefined);
  assert.equal(await read(source, `${plain.url.href}k`), pem);
  await fails(read(source, 'http://keys.test/k?s3cret'), 'KEY_UNREADABLE', /plain http/);
  await fails(read(source, 'https://user:s3cret@keys.test/k'), 'KEY_UNREADABLE', /login/);
  await fails(read(source, 'https://'));
});

it('follows three redirects, not four, and none to plain http', async (test) => {
  const { source } = await makeSource(test);
  const server = await keyServer(test, 'registry');
  assert.equal(await read(source, `${server.url.href}hops/3`), pem);
  await fails(read(source, `${server.url.href}hops/4`), 'KEY_UNREADABLE', /redirected/);
  await fails(read(source, `${server.url.href}plain`), 'KEY_UNREADABLE', /plain http/);
});

it('an error page, an endless, a cut or an unreachable answer is no key', async (test) => {
  const { source } = await makeSource(test);
  const server = await keyServer(test, 'registry');
  await fails(read(source, `${server.url.href}missing?s3cret`), 'KEY_UNREADABLE', /404/);
  await fails(read(source, `${server.url.href}large`), 'KEY_UNREADABLE', /more than/);
  await fails(read(source, `${server.url.href}cut`), 'KEY_UNREADABLE', /cut off/);
  await fails(read(source, 'https://127.0.0.1:1/k?s3cret'), 'KEY_UNREADABLE', /refused/);
});

it('a download is believed for ten minutes, shared, and asked again when fresh', async (test) => {
  let now = 0;
  const { source } = await makeSource(test, { now: () => now });
  const server = await keyServer(test, 'registry');
  const reference = `${server.url.href}k`;
  await Promise.all([read(source, reference), read(source, reference)]);
  now = 9 * 60_000;
  await read(source, reference);
  assert.equal(server.requests.length, 1);
  await read(source, reference, undefined, true);
  assert.equal(server.requests.length, 2);
  now = 20 * 60_000;
  await read(source, reference);
  assert.equal(server.requests.length, 3);
});

it('a cancelled read rejects with the reason', async (test) => {
  const { source } = await makeSource(test);
  const server = await startServer(test, () => { abort.abort(reason); });
  const [abort, reason] = [new AbortController(), new Error('cancelled')];
  await assert.rejects(source.read({ name: 'k', reference: server.url.href }, { fresh: false }, abort.signal), reason);
});

it('a Kubernetes secret is read once for its lifetime, again when asked afresh, and once for all who ask afresh at a time', async (test) => {
  let [reads, now] = [0, 0];
  const answers: ((bytes: Uint8Array) => void)[] = [];
  const readSecret = (): Promise<Uint8Array> => {
    reads++;
    return new Promise((resolve) => { answers.push(resolve); });
  };
  const answer = (text: string): void => { for (const each of answers.splice(0)) each(Buffer.from(text)); };
  const { source } = await makeSource(test, { readSecret, now: () => now });
  const first = [read(source, 'k8s://ns/name'), read(source, ' k8s://ns/name ')];
  answer('one');
  assert.deepEqual(await Promise.all(first), ['one', 'one']);
  assert.equal(await read(source, 'k8s://ns/name'), 'one');
  assert.equal(reads, 1);
  const again = [1, 2, 3].map(() => read(source, 'k8s://ns/name', undefined, true));
  answer('two');
  assert.deepEqual(await Promise.all(again), ['two', 'two', 'two']);
  assert.equal(reads, 2);
  now = 10 * 60_000;
  const later = read(source, 'k8s://ns/name');
  answer('three');
  assert.equal(await later, 'three');
});

it('a Kubernetes secret that cannot be read is asked for again, and one with a wrong name never', async (test) => {
  let reads = 0;
  const { source } = await makeSource(test, { readSecret: () => { reads++; return Promise.reject(new CosignError('KUBERNETES_UNREACHABLE', said`release`)); } });
  await fails(read(source, 'k8s://ns/name'), 'KUBERNETES_UNREACHABLE');
  await fails(read(source, 'k8s://ns/name'), 'KUBERNETES_UNREACHABLE');
  assert.equal(reads, 2);
  await fails(read(source, 'k8s:///name'), 'KUBERNETES_REFERENCE_INVALID', /./);
  assert.equal(reads, 2);
});

it('a secret with more than a key is not handed on', async (test) => {
  const { source } = await makeSource(test, { readSecret: () => Promise.resolve(new Uint8Array(65 * 1024)) });
  await fails(read(source, 'k8s://ns/name'), 'KEY_UNREADABLE', /larger/);
});
