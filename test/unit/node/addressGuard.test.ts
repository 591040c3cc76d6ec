// Names that lead elsewhere than they say: DNS is whatever its owner wants, from one answer to the next. No forbidden address is ever connected to.
import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import type { Said } from '../../../src/core/said.ts';
import type { Digest } from '../../../src/core/crypto/digest.ts';
import { RegistryClient } from '../../../src/core/oci/registryClient.ts';
import type { Referral } from '../../../src/core/oci/transport.ts';
import { allowsAddress, KnownReaches, type Resolve } from '../../../src/node/addressGuard.ts';
import { downloadKey } from '../../../src/node/keyDownload.ts';
import { failsWith, SteppedClock } from '../../support/registryClient.ts';
import { get, makeTransport, never, startProxy, startServer, text } from './servers.ts';

const refuse = (why: Said): CosignError => new CosignError('REGISTRY_REDIRECT_REFUSED', why);
const from = (host: string): { readonly referral: Referral } => ({ referral: { from: host, refuse } });

/** Answers from a table, and counts; `ENOTFOUND` for the rest. */
function names(table: Readonly<Record<string, readonly string[]>>): Resolve & { readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (hostname, done) => {
    asked.push(hostname);
    const addresses = table[hostname];
    if (addresses) done(null, addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));
    else done(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []);
  };
  return Object.assign(resolve, { asked });
}

const forbidden = ['127.0.0.1', '127.1.2.3', '10.0.0.5', '172.16.9.9', '192.168.1.1', '100.64.0.1', '169.254.169.254', '0.0.0.0', '::1', 'fe80::1', 'fe80::1%eth0', 'fd00::1', '::ffff:127.0.0.1', '::ffff:169.254.169.254', '64:ff9b::a00:1', '2002:7f00:1::', '2002:a9fe:a9fe::1', 'ff02::1', '255.255.255.255', 'nonsense'];

it('nothing public may send us to an address that is not', () => {
  assert.deepEqual(forbidden.filter((address) => allowsAddress('public', address)), []);
  for (const address of ['8.8.8.8', '198.51.100.7', '2606:4700::1111', '::ffff:8.8.8.8', '2002:808:808::1', '64:ff9b::808:808']) assert.ok(allowsAddress('public', address), address);
});

it('something private may send us to the like of itself, and nothing to link-local', () => {
  assert.ok(allowsAddress('private', '192.168.1.1'));
  assert.ok(!allowsAddress('private', '127.0.0.1'));
  assert.ok(allowsAddress('loopback', '127.0.0.1'));
  for (const reach of ['loopback', 'private', 'link-local', 'public'] as const) assert.ok(!allowsAddress(reach, '169.254.169.254'));
});

it('a host that was ever public is no neighbour afterwards', () => {
  const known = new KnownReaches();
  assert.equal(known.of('registry.example'), 'public');
  known.note('registry.example', '10.0.0.1');
  assert.equal(known.of('registry.example'), 'private');
  known.note('registry.example', '203.0.113.9');
  known.note('registry.example', '10.0.0.1');
  assert.equal(known.of('registry.example'), 'public');
  assert.equal(known.of('10.1.1.1'), 'private');
  assert.equal(known.of('::1'), 'loopback');
});

for (const address of forbidden.slice(0, -1)) {
  it(`a name that a public registry sends us to and that leads to ${address} is refused before connecting`, async (test) => {
    const server = await startServer(test, (_request, response) => { response.end('secret'); });
    const resolve = names({ 'storage.example': [address] });
    const transport = makeTransport(test, {}, { resolve });
    await assert.rejects(transport.send({ ...get(`http://storage.example:${server.port}/`), ...from('registry.example') }, never), failsWith('REGISTRY_REDIRECT_REFUSED'));
    assert.deepEqual(resolve.asked, ['storage.example']);
    assert.equal(server.connections, 0);
  });
}

it('a name with a forbidden and an allowed address leads to the allowed one', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end('ok'); });
  const transport = makeTransport(test, {}, { resolve: names({ 'storage.example': ['10.0.0.5', '127.0.0.1'] }) });
  assert.equal(await text(await transport.send({ ...get(`http://storage.example:${server.port}/`), ...from('localhost:5000') }, never)), 'ok');
});

it('what a person named may be anywhere, and a connection to it is not lent to those who were sent there', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end('ok'); });
  const transport = makeTransport(test, {}, { resolve: names({ 'registry.lan': ['127.0.0.1'] }) });
  const url = `http://registry.lan:${server.port}/`;
  assert.equal(await text(await transport.send(get(url), never)), 'ok');
  await assert.rejects(transport.send({ ...get(url), ...from('evil.example') }, never), failsWith('REGISTRY_REDIRECT_REFUSED'));
  assert.equal(server.requests.length, 1);
});

it('an address written out is judged without being looked up', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end('ok'); });
  const transport = makeTransport(test);
  await assert.rejects(transport.send({ ...get(server.url), ...from('evil.example') }, never), failsWith('REGISTRY_REDIRECT_REFUSED'));
  assert.equal(server.connections, 0);
});

it('behind a proxy the proxy resolves names, and is itself no refused address', async (test) => {
  const proxy = await startProxy(test, 1);
  const resolve = names({ });
  const transport = makeTransport(test, { proxy: proxy.url.href }, { env: {} });
  const response = await transport.send({ ...get('http://storage.example/x'), ...from('registry.example') }, never);
  assert.equal(await text(response), 'forwarded http://storage.example/x for storage.example');
  assert.deepEqual(resolve.asked, []);
});

/** The client of a registry whose name leads to a server of this test. */
function clientOf(test: TestContext, resolve: Resolve): RegistryClient {
  const transport = makeTransport(test, {}, { resolve });
  return new RegistryClient({ transport, keychain: { find: () => Promise.resolve(undefined) }, clock: new SteppedClock(), rules: { allowsPlainHttp: () => true }, random: () => 0 });
}
const blob = { mediaType: 'x', size: 3, digest: `sha256:${'0'.repeat(64)}` as Digest };

it('a registry that changes what its other names mean between two answers leads nowhere', async (test) => {
  const table: Record<string, readonly string[]> = { 'registry.lan': ['127.0.0.1'], 'storage.lan': ['127.0.0.1'] };
  const server = await startServer(test, (request, response) => {
    if (request.headers.host?.startsWith('storage.lan')) response.end('abc');
    else response.writeHead(307, { location: `http://storage.lan:${server.port}/blob` }).end();
  });
  const registry = { registry: `registry.lan:${server.port}`, repository: 'app' };
  const client = clientOf(test, names(table));
  const read = (): Promise<Uint8Array> => client.blob(registry, blob, never, { limitBytes: 10 });
  await assert.rejects(read(), failsWith('DIGEST_MISMATCH'));
  for (const address of ['169.254.169.254', '10.0.0.5', 'fd00::7']) {
    table['storage.lan'] = [address];
    const seen = server.requests.length;
    const other = clientOf(test, names(table));
    await assert.rejects(other.blob(registry, blob, never, { limitBytes: 10 }), failsWith('REGISTRY_REDIRECT_REFUSED'));
    assert.ok(server.requests.length - seen <= 3);
  }
});

it('a token server whose name leads to the metadata service gets no request', async (test) => {
  const server = await startServer(test, (_request, response) => {
    response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://auth.lan/token",service="x"' }).end();
  });
  const client = clientOf(test, names({ 'registry.lan': ['127.0.0.1'], 'auth.lan': ['169.254.169.254'] }));
  await assert.rejects(client.blob({ registry: `registry.lan:${server.port}`, repository: 'app' }, blob, never, { limitBytes: 10 }), failsWith('REGISTRY_REALM_REFUSED'));
});

it('a key server sends us to no private address, by number or by name', async (test) => {
  let location = '';
  const server = await startServer(test, (request, response) => {
    if (request.url === '/internal') response.end('secret');
    else response.writeHead(302, { location }).end();
  });
  const resolve = names({ 'keys.localhost': ['127.0.0.1'], 'other.localhost': ['169.254.169.254'] });
  const transport = makeTransport(test, {}, { resolve });
  for (location of ['https://10.0.0.1/internal', 'https://169.254.169.254/', `http://other.localhost:${server.port}/internal`]) {
    await assert.rejects(downloadKey(transport, 'k', new URL(`http://keys.localhost:${server.port}/k.pub`), never), failsWith('KEY_UNREADABLE'));
  }
  assert.ok(server.requests.every(({ url }) => url === '/k.pub'));
});
