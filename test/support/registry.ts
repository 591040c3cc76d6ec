// An OCI registry in this process, on loopback: the Distribution API 1.1 with logins, a log of requests, latency and faults.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { notRouted, RegistryRoutes, type RouteOptions } from './registryRoutes.ts';
import { parseRequest, type Answer, type RegistryRequest } from './registryAnswer.ts';
import { RegistryAuth, type AuthOptions } from './registryAuth.ts';
import { RegistryStore } from './registryStore.ts';

/**
 * Changes or replaces one answer; undefined leaves the ordinary one. Ready-made ones are in `faults.ts`.
 * @param ordinary what the registry would answer; asking for it is what carries the request out
 */
export type Fault = (request: RegistryRequest, ordinary: () => Answer) => Answer | Promise<Answer> | undefined;

export interface RegistryOptions extends RouteOptions {
  readonly auth?: AuthOptions;
  /** Before each answer, in milliseconds. */
  readonly latencyMs?: number | ((request: RegistryRequest) => number);
  /** Speaks https with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly intercept?: Fault;
  /** Of the body of an upload only so many bytes are taken and kept; then the connection is cut. */
  readonly takesOnly?: (request: { readonly method: string; readonly path: string }) => number | undefined;
  /** A fixed port, for demonstrations; default: any free one. */
  readonly port?: number;
}

export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly kind: RegistryRequest['kind'];
  readonly repository: string;
  readonly target: string;
  readonly headers: RegistryRequest['headers'];
  /** Undefined until it is answered, and when the connection was cut. */
  status: number | undefined;
}

export interface TestRegistry {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly store: RegistryStore;
  /** Every request in the order it came in. */
  readonly requests: readonly LoggedRequest[];
  /** Most requests that were being answered at one time. */
  readonly peakConcurrency: number;
  /** Requests whose client went away before the answer was complete. */
  readonly aborted: number;
  intercept: Fault | undefined;
  /** How many requests there were: `GET manifest`, `token`, `HEAD`; every word must fit the method or the kind. */
  count(words?: string): number;
  /** Forgets the log, not the content. */
  clearLog(): void;
  /** Refuses every token given out so far. */
  revokeTokens(): void;
  /** Closes all connections. @throws when a credential was received that should not have been sent */
  readonly close: () => Promise<void>;
}

export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const store = new RegistryStore();
  const log: LoggedRequest[] = [];
  let [inFlight, peak, aborted] = [0, 0, 0];
  let origin = '';
  const auth = new RegistryAuth(options.auth ?? { kind: 'none' }, () => origin);
  const routes = new RegistryRoutes(store, options, () => origin);

  const ordinary = (request: RegistryRequest): Answer => {
    if (request.kind === 'token') return auth.token(request);
    const unrouted = request.kind === 'other' || (request.kind === 'referrers' && options.referrers === 'router 404');
    return unrouted ? notRouted : (auth.refuse(request) ?? routes.answer(request));
  };

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const most = options.takesOnly?.({ method: incoming.method ?? '', path: incoming.url ?? '' });
    const request = parseRequest(incoming.method ?? '', incoming.url ?? '', plainHeaders(incoming), await readBody(incoming, most));
    const { method, path, kind, repository, target, headers } = request;
    const entry: LoggedRequest = { method, path, query: request.query.toString(), kind, repository, target, headers, status: undefined };
    log.push(entry);
    inFlight++;
    peak = Math.max(peak, inFlight);
    response.on('close', () => {
      inFlight--;
      if (!response.writableFinished) aborted++;
    });
    const delay = typeof options.latencyMs === 'function' ? options.latencyMs(request) : (options.latencyMs ?? 0);
    if (delay > 0) await sleep(delay);
    if (most !== undefined) {
      ordinary({ ...request, method: 'PATCH', headers: {} });
      response.destroy();
      return;
    }
    // Thrown errors inside a fault would otherwise hang the request that the test waits for.
    const answer = await (registry.intercept?.(request, () => ordinary(request)) ?? ordinary(request));
    if (answer.cut !== 'before answer') entry.status = answer.status;
    await send(answer, method, response);
  };

  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch(() => response.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await listen(server, options.port ?? 0);
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  origin = `${options.tls ? 'https' : 'http'}://${host}`;

  const registry: TestRegistry = {
    url: origin, host, store, requests: log, intercept: options.intercept,
    get peakConcurrency() { return peak; },
    get aborted() { return aborted; },
    count: (words = '') => log.filter(({ method, kind }) => words.split(' ').filter(Boolean).every((word) => word === method || word === kind)).length,
    clearLog: () => {
      log.length = 0;
      peak = inFlight;
    },
    revokeTokens: () => auth.revokeTokens(),
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (auth.violations.length > 0) throw new Error(`The registry at ${host} got credentials it must not get: ${auth.violations.join('; ')}`);
    },
  };
  return registry;
}

async function send(answer: Answer, method: string, response: ServerResponse): Promise<void> {
  if (answer.cut === 'before answer') {
    response.destroy();
    return;
  }
  const { body = '' } = answer;
  const headers = { ...answer.headers } as Record<string, string | string[]>;
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = Buffer.from(body);
    response.writeHead(answer.status, { 'content-length': String(bytes.byteLength), ...headers });
    if (method === 'HEAD') response.end();
    else if (answer.cut === 'in body') response.write(bytes.subarray(0, bytes.byteLength >> 1), () => response.destroy());
    else response.end(bytes);
    return;
  }
  response.writeHead(answer.status, headers);
  for await (const chunk of body) {
    if (response.destroyed) return;
    if (!response.write(chunk)) await drained(response);
  }
  response.end();
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}

async function readBody(incoming: IncomingMessage, most = Infinity): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  const ended = new Promise<void>((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size >= most) resolve(void incoming.pause());
    }).on('end', resolve).on('error', reject);
  });
  await ended;
  return Buffer.concat(chunks).subarray(0, most);
}

function plainHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'object' ? value.join(', ') : value]));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
