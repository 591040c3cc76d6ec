import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { get, makeTransport, never, startProxy, startServer, text, tlsFile } from './servers.ts';

const login = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
const certificateAuthorities = { 'registry.test': tlsFile('authority.pem') };
const ok = (_request: unknown, response: { end(text: string): unknown }): void => { response.end('ok'); };
const code = (expected: string, words = /./) => (error: unknown): boolean =>
  error instanceof CosignError && error.code === expected && words.test(error.message) && !/p@ss|p%40ss/.test(error.message + String(error.remedy));

it('https goes through a tunnel; the proxy login goes to the proxy only', async (test) => {
  const server = await startServer(test, ok, 'registry');
  const proxy = await startProxy(test, server.port, { login });
  const transport = makeTransport(test, { proxy: `http://user:p%40ss@${proxy.host}`, certificateAuthorities });
  for (let count = 0; count < 2; count++) assert.equal(await text(await transport.send(get('https://registry.test/v2/', { authorization: 'Bearer t' }), never)), 'ok');
  assert.deepEqual(proxy.tunnels, [{ target: 'registry.test:443', login }]);
  assert.deepEqual(server.requests.map(({ headers }) => [headers.host, headers.authorization, headers['proxy-authorization']]), Array(2).fill(['registry.test', 'Bearer t', undefined]));
});

it('http.proxyAuthorization goes to the proxy, with a tunnel and without, and never to the registry', async (test) => {
  const server = await startServer(test, ok, 'registry');
  const proxy = await startProxy(test, server.port, { login: 'Bearer p@ss' });
  const transport = makeTransport(test, { proxy: `http://${proxy.host}`, proxyAuthorization: 'Bearer p@ss', certificateAuthorities });
  assert.equal(await text(await transport.send(get('https://registry.test/v2/'), never)), 'ok');
  assert.equal(server.requests[0]?.headers['proxy-authorization'], undefined);
  assert.match(await text(await transport.send(get('http://registry.test/v2/'), never)), /^forwarded/);
});

it('plain http is sent to the proxy as an absolute URL', async (test) => {
  const proxy = await startProxy(test, 1, { login });
  const transport = makeTransport(test, { proxy: `user:p%40ss@${proxy.host}` });
  assert.equal(await text(await transport.send(get('http://registry.test:81/v2/?n=1'), never)), 'forwarded http://registry.test:81/v2/?n=1 for registry.test:81');
  assert.equal(proxy.tunnels.length, 0);
});

it('an https proxy is verified unless proxyStrictSSL is off, and the registry always is', async (test) => {
  const server = await startServer(test, ok, 'registry');
  const proxy = await startProxy(test, server.port, { certificate: 'self' });
  const settings = { proxy: `https://${proxy.host}`, certificateAuthorities };
  const url = 'https://registry.test/';
  await assert.rejects(makeTransport(test, settings).send(get(url), never), code('REGISTRY_TLS', /proxy/));
  assert.equal(await text(await makeTransport(test, { ...settings, proxyStrictSSL: false }).send(get(url), never)), 'ok');
  await assert.rejects(makeTransport(test, { proxy: settings.proxy, proxyStrictSSL: false }).send(get(url), never), code('REGISTRY_TLS', /authority/));
});

it('what the proxy refuses is unreachable and names the proxy', async (test) => {
  const [strict, closed] = [await startProxy(test, 1, { login }), await startProxy(test, 1, { status: 403 })];
  for (const url of ['https://registry.test/', 'http://registry.test/']) {
    await assert.rejects(makeTransport(test, { proxy: `http://user:wrong@${strict.host}` }).send(get(url), never), code('REGISTRY_UNREACHABLE', /407/));
  }
  await assert.rejects(makeTransport(test, { proxy: `http://${closed.host}` }).send(get('https://registry.test/'), never), code('REGISTRY_UNREACHABLE', /403/));
  await assert.rejects(makeTransport(test, { proxy: 'http://user:p%40ss@127.0.0.1:1' }).send(get('https://registry.test/'), never), code('REGISTRY_UNREACHABLE', /127\.0\.0\.1:1/));
});

it('a proxy that never answers times out, with and without a tunnel', async (test) => {
  const silent = createServer((socket) => { socket.on('error', () => undefined).resume(); });
  await new Promise<void>((done) => { silent.listen(0, '127.0.0.1', done); });
  test.after(() => { silent.close(); });
  const transport = makeTransport(test, { proxy: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, timeoutMs: 200 });
  for (const url of ['http://registry.test/', 'https://registry.test/']) await assert.rejects(transport.send(get(url), never), code('REGISTRY_TIMEOUT'));
});

it('loopback is never proxied; a proxy that is none is an error of its own', async (test) => {
  const server = await startServer(test, ok);
  const transport = makeTransport(test, { proxy: 'socks5://user:p%40ss@proxy.invalid' });
  assert.equal(await text(await transport.send(get(server.url), never)), 'ok');
  await assert.rejects(transport.send(get('https://registry.test/'), never), code('PROXY_INVALID', /http\.proxy/));
});
