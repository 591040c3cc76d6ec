import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import type { ErrorCode } from '../../../../src/core/errors.ts';
import {
  contentType, cutBody, either, endlessPages, on, pageLoop, redirect, status, times, tooManyRequests, webPage,
} from '../../../support/faults.ts';
import type { Answer } from '../../../support/registryAnswer.ts';
import { startRegistry, type Fault, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, testClient, type TestClient } from '../../../support/registryClient.ts';
import { types, type StoredDescriptor } from '../../../support/registryStore.ts';

let registry: TestRegistry;
let tested: TestClient;
let image: StoredDescriptor;

async function start(options: RegistryOptions = {}, count = 0): Promise<void> {
  registry = await startRegistry(options);
  tested = testClient();
  image = registry.store.putImage('app', '1');
  for (let n = 0; n < count; n++) registry.store.putReferrer('app', image, `bundle ${n}`, 'application/vnd.dev.sigstore.bundle.v0.3+json');
}

afterEach(async () => {
  tested.transport.close();
  await registry.close();
});

const ask = (): ReturnType<TestClient['client']['referrers']> => tested.client.referrers({ registry: registry.host, repository: 'app' }, image.digest as Digest, never);
const probe = (repository = 'app'): Promise<string> => tested.client.probeReferrers({ registry: registry.host, repository }, never);
const count = async (): Promise<number> => {
  const answer = await ask();
  return answer.kind === 'list' ? answer.descriptors.length : -1;
};

describe('the referrers of an image', () => {
  it('are none, and that is a list', async () => {
    await start();
    assert.deepEqual(await ask(), { kind: 'list', descriptors: [] });
  });

  it('are read from every page', async () => {
    await start({ referrersPageSize: 2 }, 5);
    assert.equal(await count(), 5);
    assert.equal(registry.count('referrers'), 3);
  });

  it('with digests of another algorithm are named beside the others', async () => {
    await start({}, 1);
    const digest = `sha512:${'0'.repeat(128)}`;
    registry.intercept = on('referrers', (_request, ordinary) => {
      const answer = ordinary();
      const list = JSON.parse(answer.body as string) as { manifests: object[] };
      return { ...answer, body: JSON.stringify({ ...list, manifests: [{ digest, size: 1 }, ...list.manifests, { digest, size: 1 }] }) };
    });
    const answer = await ask();
    assert.ok(answer.kind === 'list');
    assert.deepEqual([answer.descriptors.length, answer.otherDigests], [1, [digest]]);
  });

  it('are read whatever parameters and case the content type has', async () => {
    await start({}, 1);
    registry.intercept = contentType('Application/vnd.OCI.image.index.v1+json; charset=utf-8');
    assert.equal(await count(), 1);
  });

  it('are read with a token', async () => {
    await start({ auth: { kind: 'bearer' } }, 1);
    assert.equal(await count(), 1);
  });

  it('listed without end, or in a circle, are an error', async () => {
    await start();
    for (const fault of [endlessPages(), pageLoop]) {
      registry.clearLog();
      registry.intercept = fault;
      await assert.rejects(ask(), failsWith('COUNT_LIMIT'));
      assert.ok(registry.count() <= 102);
    }
  });

  it('of which a later page is missing, refused or no index are an error, never a shorter list', async () => {
    await start({ referrersPageSize: 1 }, 3);
    const second = (answer: Answer): Fault => ({ query }) => (query.has('last') ? answer : undefined);
    for (const [answer, code] of [[{ status: 404 }, 'REGISTRY_RESPONSE_INVALID'], [{ status: 403 }, 'REGISTRY_DENIED'], [{ status: 200, headers: { 'content-type': 'text/html' }, body: '' }, 'REGISTRY_RESPONSE_INVALID']] as const) {
      registry.intercept = second(answer);
      await assert.rejects(ask(), failsWith(code));
    }
  });

  it('that go on at another host are refused', async () => {
    await start({}, 1);
    for (const link of ['<https://elsewhere.example/v2/app/referrers/x>; rel="next"', '<//elsewhere.example/x>; rel=next']) {
      registry.intercept = (_request, ordinary) => ({ ...ordinary(), headers: { ...ordinary().headers, link } });
      await assert.rejects(ask(), failsWith('REGISTRY_REDIRECT_REFUSED'));
    }
  });

  for (const [fault, code] of [
    [status(401, 'UNAUTHORIZED'), 'REGISTRY_UNAUTHORIZED'], [status(403, 'DENIED'), 'REGISTRY_DENIED'], [tooManyRequests('100'), 'REGISTRY_RATE_LIMITED'], [status(500), 'REGISTRY_UNAVAILABLE'],
    [status(404, 'DENIED'), 'REGISTRY_DENIED'], [status(404, 'TOOMANYREQUESTS'), 'REGISTRY_RATE_LIMITED'], [cutBody, 'REGISTRY_UNREACHABLE'],
    [() => ({ status: 200, headers: { 'content-type': types.index }, body: '{"manifests":' }), 'MANIFEST_INVALID'],
    [() => ({ status: 200, headers: { 'content-type': types.index }, body: '{"manifests":[{"digest":"sha256:00"}]}' }), 'MANIFEST_INVALID'],
  ] as const) {
    it(`are an error, not "no such API", on ${code}`, async () => {
      await start({}, 1);
      registry.intercept = fault;
      await assert.rejects(ask(), failsWith(code));
    });
  }
});

describe('a registry without the referrers API', () => {
  const cases: readonly (readonly [string, Fault, 'host' | 'repository'])[] = [
    ['404 in JSON, as GHCR', status(404, 'MANIFEST_UNKNOWN'), 'repository'],
    ['404 in plain text, as a router', () => ({ status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' }), 'host'],
    ['405 without a body', () => ({ status: 405 }), 'host'],
    ['405 in JSON', status(405, 'UNSUPPORTED'), 'repository'],
    ['400', status(400, 'NAME_INVALID'), 'repository'],
    ['406', status(406), 'repository'],
    ['501', status(501, 'UNSUPPORTED'), 'repository'],
    ['303 to another host', redirect('https://github.example/login', 303), 'repository'],
    ['200 with JSON that is no list', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }), 'repository'],
    ['200 with an image manifest', (_request, ordinary) => ({ ...ordinary(), headers: { 'content-type': types.manifest } }), 'repository'],
    ['404 with a page, as a router', () => ({ status: 404, headers: { 'content-type': 'text/html' }, body: '<html><h1>404 Not Found</h1></html>' }), 'host'],
    ['406 with a page, as Tomcat', () => ({ status: 406, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>HTTP Status 406</title>' }), 'repository'],
  ];
  for (const [name, fault, scope] of cases) {
    it(`says so by ${name}: true for the ${scope}`, async () => {
      await start({}, 1);
      registry.intercept = on('referrers', fault);
      assert.deepEqual(await ask(), { kind: 'unsupported', scope });
    });
  }

  const others: readonly (readonly [string, Fault, ErrorCode])[] = [
    ['a web page, as a sign-in to a network', webPage(), 'REGISTRY_RESPONSE_INVALID'],
    ['a web page that is not called one', () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: '\n<!DOCTYPE HTML><title>Sign in</title>' }), 'REGISTRY_RESPONSE_INVALID'],
    ['a web page that is called nothing', () => ({ status: 200, headers: {}, body: '<html><body>Sign in</body></html>' }), 'REGISTRY_RESPONSE_INVALID'],
    ['a 400 with a page, as nginx', webPage(400), 'REGISTRY_RESPONSE_INVALID'],
    ['a 400 in plain text, as any server', () => ({ status: 400, headers: { 'content-type': 'text/plain' }, body: 'Bad Request' }), 'REGISTRY_RESPONSE_INVALID'],
    ['a 400 without a body', () => ({ status: 400 }), 'REGISTRY_RESPONSE_INVALID'],
    ['a 400 that hides a refusal', status(400, 'DENIED'), 'REGISTRY_DENIED'],
    ['a 405 with a page, as a firewall', webPage(405), 'REGISTRY_RESPONSE_INVALID'],
    ['a 501 with a page, as a proxy', webPage(501), 'REGISTRY_UNAVAILABLE'],
    ['a 404 whose body ends early', () => ({ status: 404, headers: { 'content-type': 'application/json' }, body: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}', cut: 'in body' }), 'REGISTRY_UNREACHABLE'],
    ['a 200 of another type whose body ends early', () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'nothing to see', cut: 'in body' }), 'REGISTRY_UNREACHABLE'],
    ['a 511', webPage(511), 'REGISTRY_UNAVAILABLE'],
  ];
  for (const [name, fault, code] of others) {
    it(`is not said to be one by ${name}`, async () => {
      await start({}, 1);
      // From now on it is known to speak plain http, of which a 400 might say that it does not.
      assert.equal(await count(), 1);
      registry.intercept = on('referrers', fault);
      await assert.rejects(ask(), failsWith(code));
    });
  }

  it('is not said to be one that calls its list plain JSON, as Harbor 2.9', async () => {
    await start({}, 1);
    registry.intercept = on('referrers', contentType('application/json; charset=utf-8'));
    const answer = await ask();
    assert.equal(answer.kind === 'list' && answer.descriptors.length, 1);
    registry.intercept = on('referrers', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: '{"manifests": 1}' }));
    await assert.rejects(ask(), failsWith('MANIFEST_INVALID'));
  });

  it('is no longer asked for a token when its router says so first', async () => {
    await start({ auth: { kind: 'bearer' }, referrers: 'router 404' });
    assert.deepEqual(await ask(), { kind: 'unsupported', scope: 'host' });
    assert.equal(registry.count('token'), 0);
  });
});

describe('the question whether a host has the API', () => {
  it('is asked once for all repositories, also at the same time', async () => {
    await start({ referrers: 'router 404' });
    assert.deepEqual(await Promise.all(['app', 'a', 'b'].map(probe)), Array(3).fill('unsupported on host'));
    assert.equal(await probe('c'), 'unsupported on host');
    assert.equal(registry.count(), 1);
  });

  it('is yes where there is a list', async () => {
    await start();
    assert.equal(await probe(), 'supported');
  });

  it('stays open where the answer is about a repository, and is not asked for every image', async () => {
    await start({ referrers: 'json 404' });
    assert.deepEqual([await probe(), await probe('b')], ['unknown', 'unknown']);
    assert.equal(registry.count(), 1);
  });

  it('stays open after a failure, and is asked again', async () => {
    await start();
    registry.intercept = either(times(1, status(403)));
    assert.deepEqual([await probe(), await probe()], ['unknown', 'supported']);
  });
});
