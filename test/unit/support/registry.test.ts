import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { pushImage, pushIndex } from '../../support/images.ts';
import { on, status } from '../../support/faults.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../support/registry.ts';
import { types } from '../../support/registryStore.ts';

let registry: TestRegistry | undefined;
const start = async (options: RegistryOptions = {}): Promise<TestRegistry> => (registry = await startRegistry(options));
afterEach(async () => {
  await registry?.close().catch(() => undefined);
  registry = undefined;
});

describe('the in-process registry', () => {
  it('keeps what is pushed over HTTP, by tag and by digest', async () => {
    const { url, host, store } = await start();
    const image = await pushImage(host, 'team/app', '1.0');
    for (const name of ['1.0', image.digest]) {
      const response = await fetch(`${url}/v2/team/app/manifests/${name}`);
      assert.deepEqual([response.status, response.headers.get('docker-content-digest'), response.headers.get('content-type')], [200, image.digest, types.manifest]);
    }
    const { children } = await pushIndex(host, 'team/app', 'multi', ['linux/amd64', 'linux/arm64']);
    assert.equal(children.size, 2);
    assert.ok(store.manifest('team/app', 'multi'));
    assert.deepEqual(await (await fetch(`${url}/v2/team/app/tags/list`)).json(), { name: 'team/app', tags: ['1.0', 'multi'] });
  });

  it('refuses a manifest that names blobs it does not have', async () => {
    const { url } = await start();
    const body = JSON.stringify({ schemaVersion: 2, config: { digest: `sha256:${'0'.repeat(64)}` }, layers: [] });
    assert.equal((await fetch(`${url}/v2/app/manifests/1`, { method: 'PUT', body, headers: { 'content-type': types.manifest } })).status, 400);
  });

  it('lists referrers page by page', async () => {
    const { url, store } = await start({ referrersPageSize: 2 });
    const image = store.putImage('app', '1');
    for (const n of [1, 2, 3]) store.putReferrer('app', image, `content ${n}`, 'text/plain');
    const response = await fetch(`${url}/v2/app/referrers/${image.digest}`);
    assert.equal((await response.json() as { manifests: unknown[] }).manifests.length, 2);
    assert.match(response.headers.get('link') ?? '', /rel="next"/);
  });

  it('says how it has no referrers in the two ways real ones do', async () => {
    const router = await start({ referrers: 'router 404', auth: { kind: 'bearer' } });
    assert.equal(await (await fetch(`${router.url}/v2/app/referrers/sha256:x`)).text(), '404 page not found\n');
    await router.close();
    const ghcr = await start({ referrers: 'json 404' });
    assert.match(await (await fetch(`${ghcr.url}/v2/app/referrers/sha256:x`)).text(), /MANIFEST_UNKNOWN/);
  });

  it('gives tokens for what an account may do, and refuses others', async () => {
    const { url, store } = await start({ auth: { kind: 'bearer', accounts: { alice: 'secret' } } });
    store.putImage('app', '1');
    const refused = await fetch(`${url}/v2/app/manifests/1`);
    assert.match(refused.headers.get('www-authenticate') ?? '', /scope="repository:app:pull"/);
    const { token } = await (await fetch(`${url}/token?scope=repository:app:pull,push`)).json() as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await fetch(`${url}/v2/app/manifests/1`, { headers })).status, 200);
    assert.equal((await fetch(`${url}/v2/app/blobs/uploads/`, { method: 'POST', headers })).status, 401);
    registry?.revokeTokens();
    assert.equal((await fetch(`${url}/v2/app/manifests/1`, { headers })).status, 401);
  });

  it('fails the test when it gets a credential it did not ask for', async () => {
    const { url, close } = await start();
    await fetch(`${url}/v2/`, { headers: { authorization: 'Basic YTpi' } });
    await assert.rejects(close(), /credentials it must not get/);
  });

  it('fails the test when a password comes where only tokens are taken', async () => {
    const { url, close } = await start({ auth: { kind: 'bearer', accounts: { a: 'b' } } });
    await fetch(`${url}/v2/`, { headers: { authorization: 'Basic YTpi' } });
    await assert.rejects(close(), /a password/);
  });

  it('logs and counts requests, and answers what a fault says instead', async () => {
    const started = await start({ latencyMs: 20 });
    started.intercept = on('GET manifest', status(503, 'UNAVAILABLE'));
    started.store.putImage('app', '1');
    const answers = await Promise.all(['GET', 'HEAD'].map(async (method) => (await fetch(`${started.url}/v2/app/manifests/1`, { method })).status));
    assert.deepEqual(answers, [503, 200]);
    assert.deepEqual([started.count(), started.count('GET'), started.count('manifest'), started.count('blob'), started.peakConcurrency], [2, 1, 2, 0, 2]);
  });

  it('keeps a tag that changed meanwhile when asked to', async () => {
    const { url, store } = await start({ etags: true });
    store.putImage('app', '1', 'first');
    const etag = (await fetch(`${url}/v2/app/manifests/1`)).headers.get('etag') ?? '';
    store.putImage('app', '1', 'second');
    const put = await fetch(`${url}/v2/app/manifests/1`, { method: 'PUT', headers: { 'if-match': etag, 'content-type': types.index }, body: JSON.stringify({ schemaVersion: 2, manifests: [] }) });
    assert.equal(put.status, 412);
  });
});
