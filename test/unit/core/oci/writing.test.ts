import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import type { CosignError } from '../../../../src/core/errors.ts';
import { cutConnection, on, redirect, status, times } from '../../../support/faults.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, testClient, type TestClient } from '../../../support/registryClient.ts';
import { sha256, types } from '../../../support/registryStore.ts';

let registry: TestRegistry;
let tested: TestClient;

async function start(options: RegistryOptions = {}): Promise<void> {
  registry = await startRegistry(options);
  const login = options.auth?.kind === 'bearer' ? { kind: 'basic', username: 'alice', password: 'secret' } as const : undefined;
  tested = testClient(login ? { login } : {});
}

afterEach(async () => {
  tested.transport.close();
  await registry.close();
});

const content = Buffer.from('content');
const at = (): { registry: string; repository: string } => ({ registry: registry.host, repository: 'team/app' });
const push = (): Promise<void> => tested.client.pushBlob(at(), content, never);
const stored = (): Uint8Array | undefined => registry.store.repository('team/app').blobs.get(sha256(content));
const index = (n = 0): Uint8Array => Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [], annotations: { n: String(n) } }));

describe('pushing a blob', () => {
  for (const uploadLocation of ['relative', 'absolute'] as const) {
    it(`uploads it in one piece to a ${uploadLocation} place, whose query stays`, async () => {
      await start({ uploadLocation });
      await push();
      assert.deepEqual(stored(), content);
      assert.deepEqual(registry.requests.map(({ method }) => method), ['HEAD', 'POST', 'PUT']);
    });
  }

  it('does nothing when it is there', async () => {
    await start();
    registry.store.putBlob('team/app', content);
    await push();
    assert.deepEqual(registry.requests.map(({ method }) => method), ['HEAD']);
    assert.equal(await tested.client.blobExists(at(), sha256(content) as Digest, never), true);
    assert.equal(await tested.client.blobExists(at(), sha256('other') as Digest, never), false);
  });

  it('asks for a token to pull and push', async () => {
    await start({ auth: { kind: 'bearer', accounts: { alice: 'secret' } } });
    await push();
    assert.deepEqual(stored(), content);
    assert.match(registry.requests.find(({ kind }) => kind === 'token')?.query ?? '', /pull%2Cpush/);
  });

  it('is refused without the right to', async () => {
    await start({ auth: { kind: 'bearer', accounts: { alice: 'other' } } });
    await assert.rejects(push(), failsWith('REGISTRY_UNAUTHORIZED'));
  });

  it('names the account that may not push, on what, and tells a login that is missing from one that does not suffice', async () => {
    await start({ auth: { kind: 'basic', accounts: { alice: 'secret' } } });
    await assert.rejects(push(), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && error.message.includes(`${registry.host}/team/app`) && error.message.includes('anonymously') && !error.isRemedyExact);
    const alice = testClient({ login: { kind: 'basic', username: 'alice', password: 'wrong' } });
    try {
      await assert.rejects(alice.client.pushBlob(at(), content, never), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && error.message.includes('as alice') && !error.message.includes('wrong'));
    } finally {
      alice.transport.close();
    }
  });

  it('keeps a login that may only read apart from one that is none', async () => {
    await start({ auth: { kind: 'basic', accounts: { alice: 'secret' } } });
    registry.intercept = on('POST', status(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="test registry"' }));
    const alice = testClient({ login: { kind: 'basic', username: 'alice', password: 'secret' } });
    try {
      await assert.rejects(alice.client.pushBlob(at(), content, never), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && /write to .*team\/app as alice/.test(error.message) && error.remedy?.toString().includes('may push') === true);
    } finally {
      alice.transport.close();
    }
  });

  it('never repeats the request that starts an upload', async () => {
    await start();
    registry.intercept = on('POST', status(503));
    await assert.rejects(push(), failsWith('REGISTRY_UNAVAILABLE'));
    assert.equal(registry.count('POST'), 1);
  });

  it('looks whether it arrived when the connection breaks, and uploads again if not', async () => {
    await start();
    registry.intercept = on('PUT', times(1, cutConnection));
    await push();
    assert.deepEqual(stored(), content);
    assert.deepEqual(registry.requests.map(({ method }) => method), ['HEAD', 'POST', 'PUT', 'HEAD', 'POST', 'PUT']);
  });

  it('does not upload again what arrived', async () => {
    await start();
    registry.intercept = on('PUT', times(1, (_request, ordinary) => {
      ordinary();
      return { status: 0, cut: 'before answer' };
    }));
    await push();
    assert.deepEqual(registry.requests.map(({ method }) => method), ['HEAD', 'POST', 'PUT', 'HEAD']);
  });

  it('does not send the token or the content to another host', async () => {
    await start({ auth: { kind: 'bearer', accounts: { alice: 'secret' } } });
    for (const location of ['https://elsewhere.example/upload', '//elsewhere.example/upload']) {
      registry.intercept = on('POST', ({ headers }) => (headers['authorization'] === undefined ? undefined : { status: 202, headers: { location } }));
      await assert.rejects(push(), failsWith('REGISTRY_REDIRECT_REFUSED'));
    }
    registry.intercept = on('POST', ({ headers }) => (headers['authorization'] === undefined ? undefined : { status: 202 }));
    await assert.rejects(push(), failsWith('REGISTRY_RESPONSE_INVALID'));
    assert.ok(tested.transport.sent.every((line) => !line.includes('elsewhere')));
  });

  it('follows no redirect', async () => {
    await start();
    registry.intercept = on('POST', redirect('/elsewhere'));
    await assert.rejects(push(), failsWith('REGISTRY_RESPONSE_INVALID'));
    assert.equal(registry.count('other'), 0);
  });
});

describe('pushing a manifest', () => {
  it('stores it under the tag, and tells its digest', async () => {
    await start();
    const pushed = await tested.client.pushManifest(at(), '1.0', index(), types.index, never);
    assert.deepEqual(pushed, { digest: sha256(index()) });
    assert.deepEqual(registry.store.manifest('team/app', '1.0')?.bytes, index());
  });

  it('tells whether the registry lists it as a referrer', async () => {
    await start();
    const subject = { mediaType: types.manifest, digest: sha256('x'), size: 1 };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, layers: [], subject }));
    assert.equal((await tested.client.pushManifest(at(), sha256(bytes), bytes, types.manifest, never)).subject, subject.digest);
  });

  it('is a conflict when the tag has changed meanwhile', async () => {
    await start({ etags: true });
    const { etag } = await tested.client.pushManifest(at(), '1.0', index(1), types.index, never);
    assert.ok(etag);
    await tested.client.pushManifest(at(), '1.0', index(2), types.index, never, { ifMatch: etag });
    await assert.rejects(tested.client.pushManifest(at(), '1.0', index(3), types.index, never, { ifMatch: etag }), failsWith('REGISTRY_CONFLICT'));
    assert.deepEqual(registry.store.manifest('team/app', '1.0')?.bytes, index(2));
  });

  it('that the registry refuses says so', async () => {
    await start();
    for (const code of [400, 415]) {
      registry.intercept = status(code, 'MANIFEST_INVALID');
      await assert.rejects(tested.client.pushManifest(at(), '1.0', index(), types.index, never), failsWith('REGISTRY_REFUSED_MANIFEST'));
    }
  });
});
