import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../../../src/core/oci/transport.ts';
import { cutConnection, on, redirect, redirectLoop } from '../../../support/faults.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, testClient, type TestClient } from '../../../support/registryClient.ts';
import { testCertificate } from '../../../support/testCertificate.ts';

let registries: TestRegistry[] = [];
let tested: TestClient;

async function start(options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  registries.push(registry);
  return registry;
}

afterEach(async () => {
  tested.transport.close();
  for (const registry of registries) await registry.close();
  registries = [];
});

const emptyResponse = (status: number, headers: Record<string, string> = {}): HttpResponse => ({
  status, headers, discard: () => undefined,
  body: { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true as const, value: undefined }) }) },
});

/** A transport that answers by itself, for hosts that no test may reach. */
function scripted(answer: (request: HttpRequest) => HttpResponse): Transport & { readonly urls: string[] } {
  const urls: string[] = [];
  return { urls, send: (request) => Promise.resolve().then(() => (urls.push(request.url.href), answer(request))) };
}

describe('the scheme', () => {
  it('is http on loopback', async () => {
    const registry = await start();
    tested = testClient();
    registry.store.putImage('app', '1');
    assert.ok(await tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never));
    assert.deepEqual(tested.transport.sent, [`GET http://${registry.host}/v2/app/manifests/1`]);
  });

  it('is https on loopback when that is what answers, and this is remembered', async () => {
    const registry = await start({ tls: testCertificate });
    tested = testClient({ ca: testCertificate.cert });
    registry.store.putImage('app', '1');
    for (let n = 0; n < 2; n++) assert.ok(await tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never));
    assert.deepEqual(tested.transport.sent.map((line) => line.split(':')[0]), ['GET http', 'GET https', 'GET https']);
  });

  it('is https when the server says so in plain text', async () => {
    const transport = scripted(({ url }) => (url.protocol === 'http:' ? emptyResponse(400, { 'content-type': 'text/plain' }) : emptyResponse(404)));
    tested = testClient({ transport });
    assert.equal(await tested.client.manifest({ registry: 'localhost:5000', repository: 'app' }, '1', never), undefined);
    assert.deepEqual(transport.urls.map((url) => url.split(':')[0]), ['http', 'https']);
  });

  it('says that the certificate is refused, not that plain http failed', async () => {
    const registry = await start({ tls: testCertificate });
    tested = testClient();
    await assert.rejects(tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never), failsWith('REGISTRY_TLS'));
  });

  it('is never http for a host that nobody allowed', async () => {
    const transport = scripted(() => {
      throw new CosignError('REGISTRY_UNREACHABLE', said`gone`);
    });
    tested = testClient({ transport });
    await assert.rejects(tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), failsWith('REGISTRY_UNREACHABLE'));
    assert.ok(transport.urls.length === 3 && transport.urls.every((url) => url.startsWith('https://registry.example/')));
  });

  it('is https first for a host that was allowed plain http', async () => {
    const transport = scripted(({ url }) => {
      if (url.protocol === 'https:') throw new CosignError('REGISTRY_TLS', said`no TLS`, { cause: Object.assign(new Error('x'), { code: 'EPROTO' }) });
      return emptyResponse(404);
    });
    tested = testClient({ transport, plainHttp: () => true });
    for (let n = 0; n < 2; n++) await tested.client.manifest({ registry: 'registry.lan:5000', repository: 'app' }, '1', never);
    assert.deepEqual(transport.urls.map((url) => url.split(':')[0]), ['https', 'http', 'http']);
  });

  it('leads Docker Hub to the host that serves it', async () => {
    const transport = scripted(() => emptyResponse(404));
    tested = testClient({ transport });
    await tested.client.manifest({ registry: 'index.docker.io', repository: 'library/alpine' }, '3.20', never);
    assert.deepEqual(transport.urls, ['https://registry-1.docker.io/v2/library/alpine/manifests/3.20']);
  });

  it('does not repeat what cannot get better', async () => {
    for (const [code, attempts] of [['ENOTFOUND', 1], ['ECONNREFUSED', 2], ['ECONNRESET', 3]] as const) {
      const transport = scripted(() => {
        throw new CosignError('REGISTRY_UNREACHABLE', said`gone`, { cause: Object.assign(new Error('x'), { code }) });
      });
      tested = testClient({ transport });
      await assert.rejects(tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), failsWith('REGISTRY_UNREACHABLE'));
      assert.equal(transport.urls.length, attempts, code);
    }
    for (const code of ['REGISTRY_TLS', 'REGISTRY_TIMEOUT', 'PROXY_INVALID'] as const) {
      const transport = scripted(() => {
        throw new CosignError(code, said`no`);
      });
      tested = testClient({ transport });
      await assert.rejects(tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), failsWith(code));
      assert.equal(transport.urls.length, 1);
    }
  });
});

describe('a redirect', () => {
  const limit = { limitBytes: 1000 };

  it('to another host is followed without the token', async () => {
    const [registry, storage] = [await start({ auth: { kind: 'bearer' } }), await start()];
    tested = testClient();
    const blob = storage.store.putBlob('app', 'content');
    registry.intercept = on('blob', ({ path, headers }) => (headers['authorization'] === undefined ? undefined : { status: 307, headers: { location: storage.url + path } }));
    const bytes = await tested.client.blob({ registry: registry.host, repository: 'app' }, { ...blob, digest: blob.digest as Digest }, never, limit);
    assert.equal(Buffer.from(bytes).toString(), 'content');
    assert.equal(storage.requests[0]?.headers['authorization'], undefined);
  });

  it('away and back again does not get the token any more', async () => {
    const [registry, storage] = [await start({ auth: { kind: 'bearer' } }), await start()];
    tested = testClient();
    registry.store.putImage('app', '1');
    storage.intercept = redirect(`${registry.url}/back`);
    registry.intercept = on('manifest', ({ headers }) => (headers['authorization'] === undefined ? undefined : { status: 302, headers: { location: `${storage.url}/away` } }));
    await tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never).catch(() => undefined);
    assert.equal(registry.requests.find(({ path }) => path === '/back')?.headers['authorization'], undefined);
    assert.equal(registry.requests.filter(({ path }) => path === '/back').length, 1);
  });

  it('to other bytes is found out', async () => {
    const [registry, storage] = [await start(), await start()];
    tested = testClient();
    const blob = registry.store.putBlob('app', 'content');
    registry.intercept = on('blob', redirect(`${storage.url}/x`));
    storage.intercept = () => ({ status: 200, body: 'CONTENT' });
    await assert.rejects(tested.client.blob({ registry: registry.host, repository: 'app' }, { ...blob, digest: blob.digest as Digest }, never, limit), failsWith('DIGEST_MISMATCH'));
  });

  it('in a circle ends', async () => {
    const registry = await start();
    tested = testClient();
    registry.intercept = redirectLoop;
    await assert.rejects(tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never), failsWith('REGISTRY_REDIRECT_REFUSED'));
    assert.equal(registry.count(), 6);
  });

  for (const location of [
    'http://registry.example/x', 'http://storage.example/x', 'https://127.0.0.1/x', 'https://localhost./x', 'https://a.localhost/x', 'https://10.1.2.3/x', 'https://172.16.0.1/', 'https://192.168.1.1/', 'https://169.254.169.254/latest',
    'https://[::1]/x', 'https://[fe80::1]/', 'https://[fd00::1]/', 'https://[::ffff:127.0.0.1]/', 'https://2130706433/', 'https://0x7f.1/', 'https://0.0.0.0/', 'https://user:pw@storage.example/', 'ftp://storage.example/', 'file:///etc/passwd', 'https://[bad',
  ]) {
    it(`of a public registry to ${location} is refused`, async () => {
      const transport = scripted(() => emptyResponse(307, { location }));
      tested = testClient({ transport });
      await assert.rejects(tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), failsWith('REGISTRY_REDIRECT_REFUSED'));
      assert.equal(transport.urls.length, 1);
    });
  }

  for (const location of ['http://169.254.169.254/latest', 'http://storage.example/x', 'http://10.0.0.1/']) {
    it(`of a registry on loopback to ${location} is refused`, async () => {
      const registry = await start();
      tested = testClient();
      registry.intercept = redirect(location);
      await assert.rejects(tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never), failsWith('REGISTRY_REDIRECT_REFUSED'));
    });
  }

  it('to a public host over https is followed for manifests too', async () => {
    const said = Buffer.from('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
    let missing = (): HttpResponse => ({ ...emptyResponse(404), body: Readable.from([said]) });
    const transport = scripted(({ url }) => (url.host === 'registry.example' ? emptyResponse(307, { location: 'https://mirror.example/v2/app/manifests/1' }) : missing()));
    tested = testClient({ transport });
    assert.equal(await tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), undefined);
    assert.equal(transport.urls.length, 2);
    // Whoever that other host is, only a registry knows that there is none.
    missing = () => emptyResponse(404);
    await assert.rejects(tested.client.manifest({ registry: 'registry.example', repository: 'app' }, '1', never), failsWith('REGISTRY_RESPONSE_INVALID'));
  });
});

describe('a registry that is not there', () => {
  it('cuts every connection: the error says unreachable', async () => {
    const registry = await start({ intercept: cutConnection });
    tested = testClient();
    await assert.rejects(tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', never), failsWith('REGISTRY_UNREACHABLE'));
  });
});
