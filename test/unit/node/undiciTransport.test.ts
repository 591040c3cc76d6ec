import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/oci/transport.ts';
import { get, makeTransport, never, startServer, text, tlsFile, until } from './servers.ts';

const code = (expected: string) => (error: unknown): boolean => error instanceof CosignError && error.code === expected;

it('sends one request with its own user-agent and asks for no compression', async (test) => {
  const server = await startServer(test, (_request, response) => { response.writeHead(201, { 'x-two': ['a', 'b'] }).end('hello'); });
  const response = await makeTransport(test).send(get(`${server.url.href}v2/?n=1`, { accept: 'x/y', 'accept-encoding': 'gzip' }), never);
  assert.equal(response.status, 201);
  assert.deepEqual(response.headers['x-two'], ['a', 'b']);
  assert.equal(await text(response), 'hello');
  const [seen] = server.requests;
  assert.equal(seen?.url, '/v2/?n=1');
  assert.deepEqual([seen.headers['user-agent'], seen.headers['accept-encoding'], seen.headers['accept'], seen.headers['authorization']], ['countersign/1.2.3', 'identity', 'x/y', undefined]);
});

it('follows no redirect and unpacks no compressed body', async (test) => {
  const server = await startServer(test, (_request, response) => { response.writeHead(307, { location: '/elsewhere', 'content-encoding': 'gzip' }).end('not gzip'); });
  const response = await makeTransport(test).send(get(server.url), never);
  assert.equal(response.status, 307);
  assert.equal(await text(response), 'not gzip');
  assert.equal(server.requests.length, 1);
});

it('uploads bytes and streams', async (test) => {
  const server = await startServer(test, (request, response) => { request.pipe(response); });
  const transport = makeTransport(test);
  const send = async (body: Uint8Array | (() => AsyncIterable<Uint8Array>)): Promise<string> => text(await transport.send({ method: 'PUT', url: server.url, headers: { 'content-length': '6' }, body }, never));
  assert.equal(await send(Buffer.from('abcdef')), 'abcdef');
  assert.equal(await send(async function* () { yield Buffer.from('abc'); await Promise.resolve(); yield Buffer.from('def'); }), 'abcdef');
});

for (const [from, to] of [['plain', 'plain'], ['plain', 'TLS'], ['TLS', 'plain'], ['TLS', 'TLS']] as const) {
  it(`hands on every byte of a long answer, as it was, to somebody who takes it slowly (${from} to ${to})`, async (test) => {
    const content = randomBytes(24 * 1024 * 1024);
    const certificate = (kind: string): string | undefined => (kind === 'TLS' ? 'registry' : undefined);
    const source = await startServer(test, (_request, response) => { response.writeHead(200, { 'content-length': content.byteLength }).end(content); }, certificate(from));
    const received: Buffer[] = [];
    const target = await startServer(test, (request, response) => {
      request.on('data', (piece: Buffer) => {
        received.push(Buffer.from(piece));
        request.pause();
        setImmediate(() => { request.resume(); });
      }).once('end', () => { response.writeHead(201).end(); });
    }, certificate(to));
    const transport = makeTransport(test, { certificateAuthorities: { '127.0.0.1': tlsFile('authority.pem') } });
    const answer = await transport.send(get(source.url), never);
    const sent = await transport.send({ method: 'PUT', url: target.url, headers: { 'content-length': String(content.byteLength) }, body: () => answer.body }, never);
    assert.equal(sent.status, 201);
    assert.ok(Buffer.concat(received).equals(content));
  });
}

it('reuses a connection after a read, a discarded and a HEAD answer', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end('short'); });
  const transport = makeTransport(test);
  await text(await transport.send(get(server.url), never));
  (await transport.send(get(server.url), never)).discard();
  await until(() => server.requests.length === 2);
  await new Promise((done) => setTimeout(done, 20));
  const head = await transport.send({ ...get(server.url), method: 'HEAD' }, never);
  assert.equal(await text(head), '');
  await text(await transport.send(get(server.url), never));
  assert.equal(server.connections, 1);
});

it('closes the connection of a long answer that is given up', async (test) => {
  const server = await startServer(test, (_request, response) => { response.writeHead(200, { 'content-length': '1000000' }).write('x'); });
  (await makeTransport(test).send(get(server.url), never)).discard();
  await until(() => server.sockets.size === 0);
});

it('opens at most so many connections per host, and every request gets its turn', async (test) => {
  let [active, most] = [0, 0];
  const server = await startServer(test, (_request, response) => {
    most = Math.max(most, ++active);
    setTimeout(() => { active--; response.end('ok'); }, 5);
  });
  const transport = makeTransport(test, {}, { connectionsPerHost: 3 });
  const answers = await Promise.all(Array.from({ length: 20 }, async () => text(await transport.send(get(server.url), never))));
  assert.equal(answers.filter((answer) => answer === 'ok').length, 20);
  assert.equal(most, 3);
  assert.equal(server.connections, 3);
});

it('an aborted request rejects with the reason, closes its socket and frees its place', async (test) => {
  const server = await startServer(test, (request, response) => { if (request.url === '/fast') response.end('ok'); });
  const transport = makeTransport(test, {}, { connectionsPerHost: 1 });
  const abort = new AbortController();
  const [reason, queued] = [new Error('cancelled'), new AbortController()];
  const sent = transport.send(get(server.url), abort.signal);
  await until(() => server.requests.length === 1);
  const waiting = transport.send(get(server.url), queued.signal);
  queued.abort(reason);
  await assert.rejects(waiting, reason);
  abort.abort(reason);
  await assert.rejects(sent, reason);
  await until(() => server.sockets.size === 0);
  assert.equal(await text(await transport.send(get(new URL('/fast', server.url)), never)), 'ok');
});

it('an abort while the body is read rejects with the reason and closes the socket', async (test) => {
  const server = await startServer(test, (_request, response) => { response.write('begin'); });
  const abort = new AbortController();
  const response = await makeTransport(test).send(get(server.url), abort.signal);
  const reason = new Error('cancelled');
  const reading = text(response);
  abort.abort(reason);
  await assert.rejects(reading, reason);
  await until(() => server.sockets.size === 0);
});

it('a signal that is already aborted sends nothing', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end(); });
  const reason = new Error('cancelled');
  await assert.rejects(makeTransport(test).send(get(server.url), AbortSignal.abort(reason)), reason);
  assert.equal(server.connections, 0);
});

it('a silent, a stalling and a dripping server time out, and their sockets are closed', async (test) => {
  const server = await startServer(test, (request, response) => {
    if (request.url === '/silent') return;
    response.write('begin');
    if (request.url === '/drip') {
      const timer = setInterval(() => response.write('.'), 10);
      response.on('close', () => { clearInterval(timer); });
    }
  });
  const transport = makeTransport(test, { timeoutMs: 300 });
  await assert.rejects(transport.send(get(new URL('/silent', server.url)), never), code('REGISTRY_TIMEOUT'));
  for (const path of ['/stall', '/drip']) {
    await assert.rejects(transport.send(get(new URL(path, server.url)), never).then(text), code('REGISTRY_TIMEOUT'));
  }
  await until(() => server.sockets.size === 0);
});

it('an answer may take as long as its request allows it once the body was sent, and no longer than others to be read', async (test) => {
  const server = await startServer(test, (request, response) => {
    request.resume().on('end', () => setTimeout(() => {
      response.writeHead(201).flushHeaders();
      if (request.url !== '/stalls') response.end('stored');
    }, 400));
  });
  const transport = makeTransport(test, { timeoutMs: 150 });
  const put = (path: string, body: HttpRequest['body'], answerWithinMs?: number): Promise<HttpResponse> =>
    transport.send({ method: 'PUT', url: new URL(path, server.url), headers: { 'content-length': '3' }, ...(body ? { body } : {}), ...(answerWithinMs === undefined ? {} : { answerWithinMs }) }, never);
  for (const body of [Buffer.from('abc'), () => Readable.from([Buffer.from('abc')])]) {
    assert.equal(await text(await put('/', body, 5000)), 'stored');
    await assert.rejects(put('/', body), code('REGISTRY_TIMEOUT'));
    await assert.rejects(put('/', body, 200), code('REGISTRY_TIMEOUT'));
    await assert.rejects(text(await put('/stalls', body, 5000)), code('REGISTRY_TIMEOUT'));
  }
});

it('an answer whose body nobody reads times out too and gives its place back', async (test) => {
  const server = await startServer(test, (request, response) => { if (request.url === '/') response.write('begin'); else response.end('ok'); });
  const transport = makeTransport(test, { timeoutMs: 1500 }, { connectionsPerHost: 1 });
  const forgotten = await transport.send(get(server.url), never);
  assert.equal(await text(await transport.send(get(new URL('/next', server.url)), never)), 'ok');
  await assert.rejects(text(forgotten), code('REGISTRY_TIMEOUT'));
});

it('a body that ends early is unreachable, never a shorter body', async (test) => {
  const server = await startServer(test, (request, response) => {
    response.writeHead(200, request.url === '/length' ? { 'content-length': '100' } : {}).write('begin');
    setTimeout(() => request.socket.destroy(), 10);
  });
  const transport = makeTransport(test);
  for (const path of ['/length', '/chunked']) {
    const response = await transport.send(get(new URL(path, server.url)), never);
    await assert.rejects(text(response), code('REGISTRY_UNREACHABLE'));
  }
});

it('refused, unknown and hung-up hosts are unreachable, and the message names the host', async (test) => {
  const server = await startServer(test, (request) => { request.socket.destroy(); });
  const transport = makeTransport(test);
  await assert.rejects(transport.send(get(server.url), never), code('REGISTRY_UNREACHABLE'));
  for (const url of ['http://127.0.0.1:1/', 'https://127.0.0.1:1/', 'http://name.invalid/']) {
    await assert.rejects(transport.send(get(`${url}?secret=1`), never), (error) => code('REGISTRY_UNREACHABLE')(error) && error instanceof CosignError
      && error.message.includes(new URL(url).host) && !error.message.includes('secret') && error.remedy !== undefined);
  }
});

it('what is not HTTP is an invalid response', async (test) => {
  const server = createServer((socket) => { socket.on('error', () => undefined).resume().end('SSH-2.0-x\r\n'); });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  test.after(() => { server.close(); });
  await assert.rejects(makeTransport(test).send(get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), never), code('REGISTRY_RESPONSE_INVALID'));
});

it('a header value with a line break is never sent', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end(); });
  for (const value of ['a\r\nx-injected: 1', 'a\nb', 'a\0b', 'ключ']) {
    await assert.rejects(makeTransport(test).send(get(server.url, { authorization: value }), never), (error) => error instanceof CosignError && !error.message.includes('injected'));
  }
  assert.equal(server.requests.length, 0);
});

it('after dispose no socket is open, nothing is pending, and nothing can be sent', async (test) => {
  const server = await startServer(test, (request, response) => { if (request.url === '/') response.end('ok'); });
  const transport = makeTransport(test, {}, { connectionsPerHost: 2 });
  await text(await transport.send(get(server.url), never));
  const hanging = [1, 2, 3].map(() => assert.rejects(transport.send(get(new URL('/hang', server.url)), never), code('REGISTRY_UNREACHABLE')));
  await until(() => server.requests.length === 3);
  await transport.dispose();
  await Promise.all(hanging);
  await until(() => server.sockets.size === 0);
  await assert.rejects(transport.send(get(server.url), never), code('REGISTRY_UNREACHABLE'));
});

it('dispose closes a connection that is still being opened', async (test) => {
  let sockets = 0;
  const server = createServer((socket) => { sockets++; socket.on('error', () => undefined).on('close', () => { sockets--; }).resume(); });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  test.after(() => { server.close(); });
  const transport = makeTransport(test);
  const sent = assert.rejects(transport.send(get(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`), never), code('REGISTRY_UNREACHABLE'));
  await until(() => sockets === 1);
  await transport.dispose();
  await sent;
  await until(() => sockets === 0);
});

it('an idle connection does not hold the process, and dispose leaves no socket', async (test) => {
  const server = await startServer(test, (_request, response) => { response.end('ok'); });
  const holding = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const transport = makeTransport(test);
  await text(await transport.send(get(server.url), never));
  // The server's own end is all that is left.
  await until(() => holding() === 1);
  assert.equal(server.sockets.size, 1);
  await transport.dispose();
  await until(() => holding() === 0);
});

it('leaves the dispatcher of the built-in fetch alone', () => {
  assert.equal(Symbol.for('undici.globalDispatcher.2') in globalThis, false);
});

it('hands over every byte of long answers, and none of them changes afterwards', async (test) => {
  const sizes = [3, 1000, 70_000, 400_000, 3_000_000];
  const answer = (size: number): Buffer => Buffer.from(Uint32Array.from({ length: Math.ceil(size / 4) }, (_, at) => at * size).buffer, 0, size);
  const server = await startServer(test, (request, response) => { response.end(answer(Number(request.url?.slice(1)))); });
  const transport = makeTransport(test);
  const kept: Uint8Array[][] = [];
  for (const size of sizes) {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await transport.send(get(`${server.url.href}${size}`), never)).body) {
      pieces.push(piece);
      // Who is slow finds more waiting.
      if (pieces.length % 3 === 0) await new Promise((done) => { setTimeout(done, 5); });
    }
    kept.push(pieces);
  }
  for (const [at, size] of sizes.entries()) assert.ok(Buffer.concat(kept[at] ?? []).equals(answer(size)), `${size} bytes`);
  assert.equal(server.connections, 1);
});
