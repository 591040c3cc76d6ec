import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import type { Said } from '../../../src/core/said.ts';
import type { HttpRequest } from '../../../src/core/oci/transport.ts';
import type { Resolve } from '../../../src/node/addressGuard.ts';
import type { EditorFetch } from '../../../src/node/editorTransport.ts';
import { createRegistryTransport, type RegistryTransport, type RegistryTransportOptions } from '../../../src/node/registryTransport.ts';
import { get, never, startProxy, startServer, text, tlsFile } from './servers.ts';

type Cleanup = Parameters<typeof startServer>[0];
const code = (expected: string) => (error: unknown): boolean => error instanceof CosignError && error.code === expected;
const unknown: Resolve = (_name, done) => { done(Object.assign(new Error('unknown'), { code: 'ENOTFOUND' }), []); };
const url = 'https://registry.test/v2/';

interface Editor { readonly fetch: EditorFetch; readonly calls: { url: string; init: RequestInit }[] }
function editor(answer: (url: string, init: RequestInit) => Response | Promise<Response> = () => new Response('through the editor', { headers: { 'X-Way': 'editor' } })): Editor {
  const calls: Editor['calls'] = [];
  return { calls, fetch: async (to, init) => { calls.push({ url: to, init }); return answer(to, init); } };
}

let now = 0;
function make(test: Cleanup, { fetch }: Partial<Editor>, settings: Partial<RegistryTransportOptions['settings']> = {}, options: Partial<Omit<RegistryTransportOptions, 'settings'>> = {}): RegistryTransport {
  now = 1_000_000;
  const transport = createRegistryTransport({
    version: '1.2.3', env: {}, fetch, resolve: unknown, now: () => now, ...options,
    settings: { insecureRegistries: [], certificateAuthorities: {}, noProxy: [], proxyStrictSSL: true, timeoutMs: 10_000, editorFallback: true, ...settings },
  });
  test.after(() => transport.dispose());
  return transport;
}

it('a host that is not known here is asked through the editor, as we would ask it', async (test) => {
  const { fetch, calls } = editor();
  const response = await make(test, { fetch }).send(get(url, { authorization: 'Bearer t', accept: 'x/y' }), never);
  assert.deepEqual([response.status, response.headers['x-way'], await text(response)], [200, 'editor', 'through the editor']);
  const [{ url: asked, init } = { url: '', init: {} }] = calls;
  assert.deepEqual([asked, init.method, init.redirect, init.credentials], [url, 'GET', 'manual', 'omit']);
  assert.deepEqual(init.headers, { 'authorization': 'Bearer t', 'accept': 'x/y', 'user-agent': 'countersign/1.2.3', 'accept-encoding': 'identity' });
});

it('the way that worked is remembered for the host and for a while', async (test) => {
  const { fetch, calls } = editor();
  let looked = 0;
  const transport = make(test, { fetch }, {}, { resolve: (name, done) => { looked++; unknown(name, done); } });
  for (let count = 0; count < 3; count++) (await transport.send(get(url), never)).discard();
  assert.deepEqual([looked, calls.length, transport.goesSecond(new URL(url)), transport.goesSecond(new URL('https://other.test/'))], [1, 3, true, false]);
  now += 11 * 60_000;
  (await transport.send(get(url), never)).discard();
  assert.deepEqual([looked, calls.length], [2, 4]);
});

it('where the editor came as far as a certificate, that is told beside our own failure', async (test) => {
  const { fetch } = editor(() => { throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }) }); });
  await assert.rejects(make(test, { fetch }).send(get(url), never), (error) => code('REGISTRY_UNREACHABLE')(error) && error instanceof CosignError
    && /ENOTFOUND.*The editor's own networking was tried as well: .*self-signed/.test(error.message) && error.setting === 'http.proxy');
});

it('where the editor finds no way either, our own failure is told, and the editor is left alone for a while', async (test) => {
  const { fetch, calls } = editor(() => { throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }); });
  const transport = make(test, { fetch });
  for (let count = 0; count < 3; count++) {
    await assert.rejects(transport.send(get(url), never), (error) => code('REGISTRY_UNREACHABLE')(error) && error instanceof CosignError && error.message.includes('ENOTFOUND'));
  }
  assert.equal(calls.length, 1);
  now += 31_000;
  await assert.rejects(transport.send(get(url), never), code('REGISTRY_UNREACHABLE'));
  assert.equal(calls.length, 2);
});

it('a remembered way that is gone is forgotten, and ours is tried again', async (test) => {
  let works = true;
  const { fetch } = editor(() => { if (works) return new Response('ok'); throw new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) }); });
  const transport = make(test, { fetch });
  (await transport.send(get(url), never)).discard();
  works = false;
  await assert.rejects(transport.send({ ...get(url), method: 'PUT', body: Buffer.from('x') }, never), (error) => error instanceof CosignError && error.message.includes('ECONNRESET'));
  await assert.rejects(transport.send(get(url), never), (error) => error instanceof CosignError && error.message.includes('ENOTFOUND'));
  assert.equal(transport.goesSecond(new URL(url)), false);
});

it('a proxy that wants another login, or that is not there, is gone round', async (test) => {
  const strict = await startProxy(test, 1, { login: 'Basic other' });
  for (const proxy of [`http://${strict.host}`, 'http://127.0.0.1:1']) {
    const { fetch } = editor();
    assert.equal(await text(await make(test, { fetch }, { proxy }).send(get(url), never)), 'through the editor');
  }
});

it('an answer, a refused certificate and a broken connection are final', async (test) => {
  const { fetch, calls } = editor();
  const resolve: Resolve = (_name, done) => { done(null, [{ address: '127.0.0.1', family: 4 }]); };
  const broken = await startServer(test, (request) => { request.socket.destroy(); }, 'registry');
  await assert.rejects(make(test, { fetch }, {}, { resolve }).send(get(`https://registry.test:${broken.port}/`), never), code('REGISTRY_TLS'));
  const trusting = { env: { SSL_CERT_FILE: tlsFile('authority.pem') }, resolve };
  await assert.rejects(make(test, { fetch }, {}, trusting).send(get(`https://registry.test:${broken.port}/`), never), code('REGISTRY_UNREACHABLE'));
  const busy = await startServer(test, (_request, response) => { response.writeHead(503).end(); }, 'registry');
  assert.equal((await make(test, { fetch }, {}, trusting).send(get(`https://registry.test:${busy.port}/`), never)).status, 503);
  assert.equal(calls.length, 0);
});

const kept: readonly (readonly [string, Partial<RegistryTransportOptions['settings']>, Partial<RegistryTransportOptions>?])[] = [
  ['is turned off', { editorFallback: false }], ['is not allowed a proxy', { proxySupport: false }], ['would accept any proxy', { proxyStrictSSL: false }],
  ['would accept any certificate', {}, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }], ['does not know that a host is insecure', { insecureRegistries: ['registry.test'] }],
  ['does not know the authority of a host', { certificateAuthorities: { 'registry.test:443': tlsFile('authority.pem') } }],
  ['does not know the authority of a command', { flags: { plainHttp: [], anyCertificate: false, certificateAuthority: tlsFile('authority.pem') } }],
];
for (const [why, settings, options] of kept) {
  it(`nothing goes through an editor that ${why}`, async (test) => {
    const { fetch, calls } = editor();
    await assert.rejects(make(test, { fetch }, settings, options).send(get(url), never), code('REGISTRY_UNREACHABLE'));
    assert.equal(calls.length, 0);
  });
}

it('without an editor, and for plain http, loopback and streams, there is one way', async (test) => {
  await assert.rejects(make(test, {}).send(get(url), never), code('REGISTRY_UNREACHABLE'));
  const { fetch, calls } = editor();
  const transport = make(test, { fetch });
  const stream: HttpRequest = { method: 'PATCH', url: new URL(url), headers: {}, body: async function* () { await Promise.resolve(); yield Buffer.from('x'); } };
  for (const request of [get('http://registry.test/'), get('https://localhost:1/'), stream]) await assert.rejects(transport.send(request, never), code('REGISTRY_UNREACHABLE'));
  assert.equal(calls.length, 0);
});

it('what an answer names is followed to public names only', async (test) => {
  const { fetch, calls } = editor();
  const addresses: Readonly<Record<string, string>> = { 'inside.corp.test': '10.1.2.3', 'cloud.test': '169.254.169.254', 'public.test': '203.0.113.9' };
  let directly = true;
  // Ours finds no way to anything; what is looked up for the editor is what the machine knows.
  const resolve: Resolve = (name, done) => {
    const address = directly ? undefined : addresses[name];
    directly = false;
    if (address === undefined) unknown(name, done);
    else done(null, [{ address, family: 4 }]);
  };
  const referral = { from: 'registry.test', refuse: (why: Said) => new CosignError('REGISTRY_REALM_REFUSED', why) };
  const ask = async (to: string): Promise<number> => {
    directly = true;
    return (await make(test, { fetch }, {}, { resolve }).send({ ...get(to), referral }, never)).status;
  };
  for (const host of ['inside.corp.test', 'cloud.test', 'intranet']) await assert.rejects(ask(`https://${host}/token`), code('REGISTRY_REALM_REFUSED'), host);
  assert.equal(calls.length, 0);
  for (const host of ['public.test', 'nobody-here-knows.test']) assert.equal(await ask(`https://${host}/token`), 200);
});

it('a redirect is handed back and followed by nobody; one that is hidden is no answer', async (test) => {
  const redirect = editor(() => new Response(null, { status: 307, headers: { location: 'https://elsewhere.test/' } }));
  const response = await make(test, redirect).send(get(url), never);
  assert.deepEqual([response.status, response.headers['location'], redirect.calls.length], [307, 'https://elsewhere.test/', 1]);
  const hidden = editor(() => Object.defineProperty(new Response(), 'status', { value: 0 }));
  await assert.rejects(make(test, hidden).send(get(url), never), code('REGISTRY_UNREACHABLE'));
});

it('an abort rejects with the reason, before the answer and within it, and reaches the editor', async (test) => {
  const reason = new Error('cancelled');
  const silent = editor((_url, { signal }) => new Promise<Response>((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(new Error('aborted')); }); }));
  const abort = new AbortController();
  const sent = make(test, silent).send(get(url), abort.signal);
  while (silent.calls.length === 0) await new Promise((done) => setTimeout(done, 2));
  abort.abort(reason);
  await assert.rejects(sent, reason);
  assert.equal(silent.calls[0]?.init.signal?.aborted, true);

  const stalling = editor(() => new Response(new ReadableStream({ start: (controller) => { controller.enqueue(Buffer.from('begin')); } })));
  const later = new AbortController();
  const reading = text(await make(test, stalling).send(get(url), later.signal));
  later.abort(reason);
  await assert.rejects(reading, reason);
});

it('an answer that stalls times out, and dispose ends what is under way', async (test) => {
  const stalling = editor(() => new Response(new ReadableStream({ start: (controller) => { controller.enqueue(Buffer.from('begin')); } })));
  await assert.rejects(make(test, stalling, { timeoutMs: 200 }).send(get(url), never).then(text), code('REGISTRY_TIMEOUT'));
  const transport = make(test, stalling);
  const reading = assert.rejects(text(await transport.send(get(url), never)), code('REGISTRY_UNREACHABLE'));
  await transport.dispose();
  await reading;
  await assert.rejects(transport.send(get(url), never), code('REGISTRY_UNREACHABLE'));
});
