// Real servers on loopback that count what they see, and a transport to reach them.
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps, type ServerOptions } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { UndiciTransport, type TransportOptions } from '../../../src/node/undiciTransport.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/oci/transport.ts';

export const tlsFile = (name: string): string => resolve('test/fixtures/tls', name);
export const never = new AbortController().signal;
type Cleanup = { after(work: () => Promise<void> | void): void };

export interface TestServer {
  readonly host: string;
  readonly port: number;
  readonly url: URL;
  readonly sockets: Set<Socket>;
  connections: number;
  requests: IncomingMessage[];
}

/** @param tls more about TLS, such as whether a client certificate is asked for */
export async function startServer(test: Cleanup, listener: RequestListener, certificate?: string, tls: ServerOptions = {}): Promise<TestServer> {
  const server: Server = certificate === undefined ? createHttp(listener)
    : createHttps({ key: readFileSync(tlsFile(`${certificate}.key`)), cert: readFileSync(tlsFile(`${certificate}.pem`)), ...tls }, listener);
  return listen(test, server, certificate === undefined ? 'http' : 'https');
}

async function listen(test: Cleanup, server: Server, scheme: string): Promise<TestServer> {
  const sockets = new Set<Socket>();
  const requests: IncomingMessage[] = [];
  server.on('connection', (socket: Socket) => {
    counted.connections++;
    sockets.add(socket.on('error', () => undefined).on('close', () => { sockets.delete(socket); }));
  });
  server.on('request', (request) => { requests.push(request); });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  test.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const counted: TestServer = { host: `127.0.0.1:${port}`, port, url: new URL(`${scheme}://127.0.0.1:${port}/`), sockets, connections: 0, requests };
  return counted;
}

export interface TestProxy extends TestServer {
  /** CONNECT targets, and the login each came with. */
  readonly tunnels: { target: string | undefined; login: string | undefined }[];
}

/** Sends everything to one port, whatever host is asked for. */
export async function startProxy(test: Cleanup, targetPort: number, options: { login?: string; status?: number; certificate?: string } = {}): Promise<TestProxy> {
  const tunnels: TestProxy['tunnels'] = [];
  const forward: RequestListener = (request, response) => {
    if (options.login !== undefined && request.headers['proxy-authorization'] !== options.login) {
      response.writeHead(407).end();
      return;
    }
    response.end(`forwarded ${request.url ?? ''} for ${request.headers.host ?? ''}`);
  };
  const server: Server = options.certificate === undefined ? createHttp(forward)
    : createHttps({ key: readFileSync(tlsFile(`${options.certificate}.key`)), cert: readFileSync(tlsFile(`${options.certificate}.pem`)) }, forward);
  server.on('connect', (request, socket, head) => {
    tunnels.push({ target: request.url, login: request.headers['proxy-authorization'] });
    socket.on('error', () => undefined);
    const wrongLogin = options.login !== undefined && request.headers['proxy-authorization'] !== options.login;
    if (wrongLogin || options.status !== undefined) {
      socket.end(`HTTP/1.1 ${wrongLogin ? 407 : String(options.status)} No\r\n\r\n`);
      return;
    }
    const upstream = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  return Object.assign(await listen(test, server, options.certificate === undefined ? 'http' : 'https'), { tunnels });
}

export function makeTransport(test: Cleanup, settings: Partial<TransportOptions['settings']> = {}, options: Partial<Omit<TransportOptions, 'settings'>> = {}): UndiciTransport {
  const transport = new UndiciTransport({
    version: '1.2.3', env: {}, ...options,
    settings: { insecureRegistries: [], certificateAuthorities: {}, noProxy: [], proxyStrictSSL: true, timeoutMs: 10_000, ...settings },
  });
  test.after(() => transport.dispose());
  return transport;
}

export const get = (url: URL | string, headers: Readonly<Record<string, string>> = {}): HttpRequest => ({ method: 'GET', url: new URL(url), headers });

export async function text(response: HttpResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 5));
}
