import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Credentials } from '../../../../src/core/oci/transport.ts';
import type { CosignError } from '../../../../src/core/errors.ts';
import { either, on, status, times, unauthorizedForever } from '../../../support/faults.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, testClient, type TestClient, type TestClientOptions } from '../../../support/registryClient.ts';

const alice: Credentials = { kind: 'basic', username: 'alice', password: 'pa:ss wörd' };
const accounts = { alice: 'pa:ss wörd' };

let registry: TestRegistry;
let tested: TestClient;

async function start(options: RegistryOptions['auth'], client: TestClientOptions = {}): Promise<void> {
  registry = await startRegistry(options ? { auth: options } : {});
  tested = testClient(client);
  for (const repository of ['app', 'other']) registry.store.putImage(repository, '1');
}

/** Closing fails the test when the registry got a credential it must not get. */
afterEach(async () => {
  tested.transport.close();
  await registry.close();
});

const read = (repository = 'app', tag = '1'): Promise<unknown> => tested.client.manifest({ registry: registry.host, repository }, tag, never);
const sentAuthorizations = (): readonly (string | undefined)[] => registry.requests.filter(({ kind }) => kind === 'manifest').map(({ headers }) => headers['authorization']?.split(' ')[0]);

describe('an anonymous token', () => {
  it('is fetched when the registry asks, and kept for the repository', async () => {
    await start({ kind: 'bearer' });
    assert.ok(await read());
    assert.ok(await read());
    assert.deepEqual(sentAuthorizations(), [undefined, 'Bearer', 'Bearer']);
    assert.equal(registry.count('token'), 1);
    assert.equal(registry.requests.find(({ kind }) => kind === 'token')?.query, 'service=test+registry&scope=repository%3Aapp%3Apull');
  });

  it('is fetched once for many requests at once', async () => {
    await start({ kind: 'bearer' });
    await Promise.all(Array.from({ length: 20 }, () => read()));
    assert.equal(registry.count('token'), 1);
  });

  it('is another one for another repository', async () => {
    await start({ kind: 'bearer' });
    await Promise.all([read('app'), read('other')]);
    assert.equal(registry.count('token'), 2);
  });

  it('may be called access_token', async () => {
    await start({ kind: 'bearer', member: 'access_token' });
    assert.ok(await read());
  });

  for (const [name, expiresIn, seconds] of [['as long as it is good for', 300, 300], ['for a minute when the registry does not say', undefined, 60]] as const) {
    it(`is kept ${name}`, async () => {
      await start({ kind: 'bearer', ...(expiresIn === undefined ? {} : { expiresIn }) });
      await read();
      tested.clock.advance(seconds * 800);
      await read();
      assert.equal(registry.count('token'), 1);
      tested.clock.advance(seconds * 200);
      await read();
      assert.equal(registry.count('token'), 2);
    });
  }

  it('is replaced once, for everybody, when the registry no longer takes it', async () => {
    await start({ kind: 'bearer' });
    await read();
    registry.revokeTokens();
    await Promise.all(Array.from({ length: 10 }, () => read()));
    assert.equal(registry.count('token'), 2);
  });

  it('that opens nothing is an error that says so', async () => {
    await start({ kind: 'bearer', anonymousPull: false });
    await assert.rejects(read(), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && error.message.includes('anonymously'));
    assert.deepEqual([registry.count('token'), registry.count('manifest')], [1, 2]);
  });

  it('is asked for again with the scope the registry names, when that is a wider one', async () => {
    await start({ kind: 'bearer' });
    registry.intercept = on('manifest', ({ headers }) => (registry.count('token') < 2
      ? { status: 401, headers: { 'www-authenticate': `Bearer realm="${registry.url}/token",service="s",scope="repository:mirror/app:pull"` } }
      : headers['authorization'] === undefined ? { status: 500 } : undefined));
    assert.ok(await read());
    assert.deepEqual(new URLSearchParams(registry.requests.findLast(({ kind }) => kind === 'token')?.query).getAll('scope'), ['repository:app:pull', 'repository:mirror/app:pull']);
  });

  it('is fetched again when the token service is overloaded', async () => {
    await start({ kind: 'bearer' });
    registry.intercept = on('token', times(2, status(503)));
    assert.ok(await read());
    registry.intercept = on('token', status(429, 'TOOMANYREQUESTS', { 'retry-after': '600' }));
    await assert.rejects(read('other'), failsWith('REGISTRY_RATE_LIMITED'));
  });

  for (const [name, body] of [['no JSON', 'hello'], ['no token', '{"expires_in":300}'], ['an empty token', '{"token":""}'], ['a token that is a number', '{"token":1}'], ['a token with a line break', '{"token":"a\\r\\nb: c"}'], ['a list', '[]']] as const) {
    it(`is refused when the answer holds ${name}`, async () => {
      await start({ kind: 'bearer' });
      registry.intercept = on('token', () => ({ status: 200, headers: { 'content-type': 'application/json' }, body }));
      await assert.rejects(read(), failsWith('REGISTRY_RESPONSE_INVALID'));
    });
  }

  it('is not fetched from where the token service redirects to', async () => {
    await start({ kind: 'bearer' });
    registry.intercept = on('token', () => ({ status: 307, headers: { location: `${registry.url}/elsewhere` } }));
    await assert.rejects(read(), failsWith('REGISTRY_RESPONSE_INVALID'));
    assert.equal(registry.count('other'), 0);
  });

  it('does not end for others when one of them gives up', async () => {
    await start({ kind: 'bearer' });
    const controller = new AbortController();
    registry.intercept = on('token', async (_request, ordinary) => {
      controller.abort(new Error('enough'));
      await new Promise((resolve) => setTimeout(resolve, 10));
      return ordinary();
    });
    const cancelled = assert.rejects(tested.client.manifest({ registry: registry.host, repository: 'app' }, '1', controller.signal), /enough/);
    assert.ok(await read());
    await cancelled;
  });
});

describe('a login', () => {
  it('goes to the token service only, and only after the registry asked', async () => {
    await start({ kind: 'bearer', accounts, anonymousPull: false }, { login: alice });
    assert.ok(await read());
    assert.deepEqual(sentAuthorizations(), [undefined, 'Bearer']);
    assert.deepEqual(tested.lookups, [`${registry.host}/app`]);
  });

  it('is not even looked up when the registry asks for nothing', async () => {
    await start({ kind: 'none' }, { login: alice });
    assert.ok(await read());
    assert.deepEqual(tested.lookups, []);
  });

  it('is sent as it is to a registry that wants Basic', async () => {
    await start({ kind: 'basic', accounts }, { login: alice });
    assert.ok(await read());
    assert.deepEqual(sentAuthorizations(), [undefined, 'Basic']);
  });

  it('with a wrong password is an error that names the account, not the password', async () => {
    for (const auth of [{ kind: 'basic', accounts: { alice: 'x' } }, { kind: 'bearer', accounts: { alice: 'x' } }] as const) {
      await start(auth, { login: alice });
      await assert.rejects(read(), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && error.message.includes('as alice') && !error.message.includes('pa:ss'));
      await registry.close();
    }
  });

  it('is missing for Basic: the error says anonymously', async () => {
    await start({ kind: 'basic', accounts });
    await assert.rejects(read(), (error: CosignError) => error.code === 'REGISTRY_UNAUTHORIZED' && error.message.includes('anonymously'));
    assert.equal(registry.count('manifest'), 1);
  });

  it('by identity token is exchanged by OAuth2', async () => {
    await start({ kind: 'bearer', identityTokens: { refresh: 'alice' }, anonymousPull: false }, { login: { kind: 'identity', token: 'refresh' } });
    assert.ok(await read());
    assert.equal(registry.count('POST token'), 1);
  });

  it('by identity token is a password where there is no OAuth2', async () => {
    await start({ kind: 'bearer', accounts: { '<token>': 'refresh' }, oauth: false, anonymousPull: false }, { login: { kind: 'identity', token: 'refresh' } });
    assert.ok(await read());
    assert.deepEqual([registry.count('POST token'), registry.count('GET token')], [1, 1]);
  });

  it('by registry token is used as it is', async () => {
    await start({ kind: 'bearer', staticTokens: ['fixed'] }, { login: { kind: 'bearer', token: 'fixed' } });
    assert.ok(await read());
    assert.equal(registry.count('token'), 0);
  });

  it('that is refused with 403 names the account', async () => {
    await start({ kind: 'bearer', accounts }, { login: alice });
    registry.intercept = on('manifest', ({ headers }) => (headers['authorization'] ? { status: 403 } : undefined));
    await assert.rejects(read(), (error: CosignError) => error.code === 'REGISTRY_DENIED' && error.message.includes('as alice'));
  });
});

describe('a challenge', () => {
  it('repeated for ever ends in an error after a few requests', async () => {
    await start({ kind: 'bearer' });
    registry.intercept = on('manifest', unauthorizedForever(`Bearer realm="${registry.url}/token",service="s",scope="repository:app:pull"`));
    await assert.rejects(read(), failsWith('REGISTRY_UNAUTHORIZED'));
    assert.ok(registry.count() <= 5);
  });

  it('that names no scheme we know ends at once', async () => {
    await start({ kind: 'none' }, { login: alice });
    for (const challenge of ['Negotiate', 'Digest realm="x", nonce="y"', 'Bearer', '"', '']) {
      registry.clearLog();
      registry.intercept = unauthorizedForever(challenge);
      await assert.rejects(read(), failsWith('REGISTRY_UNAUTHORIZED'));
      assert.equal(registry.count(), 1);
    }
  });

  it('of several is answered where one of them is known', async () => {
    await start({ kind: 'basic', accounts }, { login: alice });
    registry.intercept = times(1, unauthorizedForever('Negotiate abc==, Basic realm="a, b", charset="UTF-8"'));
    assert.ok(await read());
  });

  for (const realm of ['http://example.com/token', 'https://169.254.169.254/token', 'https://10.0.0.1/token', 'https://[fd00::1]/token', 'https://user:pw@example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'no url', '', 'https://[::ffff:10.0.0.1]/']) {
    it(`with the realm "${realm}" is refused before anything is sent there`, async () => {
      await start({ kind: 'none' }, { login: alice });
      registry.intercept = unauthorizedForever(`Bearer realm="${realm}",service="s"`);
      await assert.rejects(read(), failsWith('REGISTRY_REALM_REFUSED'));
      assert.deepEqual([tested.lookups, tested.transport.sent.length], [[], 1]);
    });
  }

  it('is remembered: later requests bring their token at once', async () => {
    await start({ kind: 'bearer' });
    await read('app');
    registry.clearLog();
    await read('other');
    assert.deepEqual(sentAuthorizations(), ['Bearer']);
  });

  it('is answered after the same error came from elsewhere', async () => {
    await start({ kind: 'bearer' });
    registry.intercept = either(on('manifest', times(1, status(503))));
    assert.ok(await read());
  });
});
