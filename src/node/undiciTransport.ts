// HTTP over undici: one request at a time, through the right proxy, with the right certificates, bounded in time and in connections.
import { setMaxListeners } from 'node:events';
import Agent from 'undici/lib/dispatcher/agent.js';
import sendRequest, { type RequestBody } from 'undici/lib/api/api-request.js';
import type { Dispatcher } from 'undici';
import { abortable } from '../core/async/sharedLoads.ts';
import type { EngineSettings } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { HttpRequest, HttpResponse, Transport } from '../core/oci/transport.ts';
import { KnownReaches, type Resolve } from './addressGuard.ts';
import { withoutDemand } from './certificateDemand.ts';
import { asksForCertificate, dial, unsentBytes, type DialPlan } from './connector.ts';
import { hostPortOf } from './hostNames.ts';
import { HostSlots } from './hostSlots.ts';
import { HostTrusts, type HostTrust, type TrustSettings } from './hostTrust.ts';
import { chooseProxy, type Proxy } from './proxySettings.ts';
import { RequestDeadline } from './requestDeadline.ts';
import { proxyRefusal, timedOut, toRequestError, type RequestContext } from './requestFailure.ts';
import { Slabs } from './slabs.ts';

export interface TransportOptions {
  /** Of Countersign, for the user-agent. */
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly settings: TrustSettings & Pick<EngineSettings, 'proxy' | 'proxyAuthorization' | 'proxySupport' | 'noProxy' | 'proxyStrictSSL' | 'timeoutMs'>;
  /** Where certificates for registries lie besides `/etc`; undefined: nowhere. */
  readonly homeDirectory?: string;
  /** Stands before `/etc`; default none. */
  readonly root?: string;
  /** Connections, and so requests, per host at a time; 20 by default. */
  readonly connectionsPerHost?: number;
  /** At most so long for a connection; as long as a whole request by default. */
  readonly connectTimeoutMs?: number;
  /** How names are resolved; by the system by default. */
  readonly resolve?: Resolve;
}

/** An answer this short is read to its end when nobody wants it, so that its connection can be used again. */
const maxDrainedBytes = 16 * 1024;
const keepAliveMs = 30_000;

/** Sockets are opened when first needed and closed by {@link dispose}; idle ones do not hold the process. */
export class UndiciTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #userAgent: string;
  readonly #trusts: HostTrusts;
  readonly #slots: HostSlots;
  readonly #reaches = new KnownReaches();
  readonly #slabs = new Slabs();
  /** Hosts that asked for a client certificate, and those that have answered: what these do afterwards has other reasons. */
  readonly #asking = new Set<string>();
  readonly #answered = new Set<string>();
  readonly #agents = new Map<string, Agent>();
  readonly #active = new Set<RequestDeadline>();
  readonly #disposed = new AbortController();

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#userAgent = `countersign/${options.version}`;
    this.#trusts = new HostTrusts(options.settings, { env: options.env, homeDirectory: options.homeDirectory, ...(options.root === undefined ? {} : { root: options.root }) });
    this.#slots = new HostSlots(options.connectionsPerHost ?? 20);
    setMaxListeners(0, this.#disposed.signal);
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#disposed.signal.throwIfAborted();
    // One signal stands for a whole verification, which sends dozens of requests at once.
    setMaxListeners(0, signal);
    const { url } = request;
    const { settings } = this.#options;
    const proxy = chooseProxy(url, { ...settings, env: this.#options.env });
    const headers = this.#headers(request, url.protocol === 'http:' ? proxy : undefined);
    const trust = url.protocol === 'https:' ? await this.#trusts.of(hostPortOf(url), url.host, request.anyCertificate === true) : undefined;
    const agent = await this.#agent(request, proxy, trust);
    const release = await this.#slots.acquire(url.origin, signal);
    const deadline = new RequestDeadline(settings.timeoutMs, signal);
    this.#active.add(deadline);
    const finish = (): void => {
      deadline.stop();
      this.#active.delete(deadline);
      release();
    };
    const context: RequestContext = { host: url.host, proxy, timeoutMs: settings.timeoutMs, answering: false, referral: request.referral, ...(trust ? { client: { state: trust.client, asked: () => this.#asking.has(url.host), answered: () => this.#answered.has(url.host) } } : {}) };
    try {
      // undici offers a connection again one turn of the event loop after its answer ended; asked at once it would open another.
      await new Promise((resolve) => { setImmediate(resolve); });
      deadline.signal.throwIfAborted();
      const sent = sendRequest.call(agent, {
        origin: url.origin, method: request.method, headers, signal: deadline.signal, headersTimeout: 0, bodyTimeout: 0,
        // undici would close the connection after every HEAD, and most requests of a warm check are one.
        reset: false,
        // Plain http through a proxy: RFC 9112 §3.2.2, absolute-form.
        path: `${proxy && url.protocol === 'http:' ? url.origin : ''}${url.pathname}${url.search}`,
        body: requestBody(request, deadline, this.#slabs),
      });
      const answer = await untilAborted(sent, deadline.signal);
      if (request.answerWithinMs !== undefined) deadline.restart(0);
      this.#answered.add(url.host);
      if (proxy && url.protocol === 'http:' && answer.statusCode === 407) {
        discard(answer.body);
        throw proxyRefusal(407, url.host, proxy);
      }
      const response = toResponse(answer, request.method, deadline, finish, (error) => failure(error, deadline, signal, { ...context, answering: true }));
      return trust ? await withoutDemand(response, request, trust.client) : response;
    } catch (error) {
      finish();
      throw failure(error, deadline, signal, context);
    }
  }

  /** Closes every socket; what is still under way rejects. Calling it again does nothing. */
  async dispose(): Promise<void> {
    const reason = new CosignError('REGISTRY_UNREACHABLE', said`The request was given up because its connections were closed.`, { remedy: said`Verify again.`, setting: false });
    this.#disposed.abort(reason);
    this.#slots.close(reason);
    for (const deadline of this.#active) deadline.end(reason);
    const agents = [...this.#agents.values()];
    this.#agents.clear();
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  #headers(request: HttpRequest, proxy: Proxy | undefined): Record<string, string> {
    const headers: Record<string, string> = { ...request.headers, 'user-agent': this.#userAgent, 'accept-encoding': 'identity' };
    if (proxy?.authorization !== undefined) headers['proxy-authorization'] = proxy.authorization;
    for (const [name, value] of Object.entries(headers)) {
      if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new CosignError('INTERNAL', said`The header "${name}" of a request to "${request.url.host}" holds characters that HTTP forbids.`);
    }
    return headers;
  }

  /** One pool of connections per way of connecting: certificates, verification, proxy, and who may have sent us there never mix. */
  async #agent({ referral }: HttpRequest, proxy: Proxy | undefined, trust: HostTrust | undefined): Promise<Agent> {
    const { settings, resolve } = this.#options;
    const secure = trust !== undefined;
    const proxyTrust = proxy?.secure === true ? { context: (await this.#trusts.ofProxy(proxy.shown)).context, verify: settings.proxyStrictSSL } : { context: undefined, verify: true };
    this.#disposed.signal.throwIfAborted();
    const sentFrom = referral && this.#reaches.of(hostPortOf(new URL(`http://${referral.from}`)).hostname);
    const way = JSON.stringify([secure, trust?.verify, trust?.identity, trust?.serverName, proxy?.shown, sentFrom]);
    const known = this.#agents.get(way);
    if (known) return known;
    const agent = new Agent({
      connections: this.#options.connectionsPerHost ?? 20, pipelining: 1, keepAliveTimeout: keepAliveMs, keepAliveMaxTimeout: keepAliveMs,
      connect: ({ hostname, port, protocol }, callback) => {
        const plan: DialPlan = {
          target: hostPortOf(new URL(`${protocol}//${hostname}${port === '' ? '' : `:${port}`}`)), secure, timeoutMs: Math.min(settings.timeoutMs, this.#options.connectTimeoutMs ?? settings.timeoutMs), userAgent: this.#userAgent, slabs: this.#slabs,
          targetTrust: trust ?? { context: undefined, verify: true }, ...(proxy ? { proxy: { address: proxy, trust: proxyTrust } } : {}),
          ...(sentFrom ? { sentFrom } : {}), ...(resolve ? { resolve } : {}),
        };
        dial(plan, this.#disposed.signal).then((socket) => {
          if (asksForCertificate(socket)) this.#asking.add(`${hostname}${port === '' ? '' : `:${port}`}`);
          if (!proxy) this.#reaches.note(plan.target.hostname, socket.remoteAddress);
          callback(null, socket);
        }, (error: unknown) => { callback(error as Error, null); });
      },
    });
    this.#agents.set(way, agent);
    return agent;
  }
}

function toResponse({ statusCode, headers, body }: Dispatcher.ResponseData, method: string, deadline: RequestDeadline, finish: () => void, toError: (error: unknown) => unknown): HttpResponse {
  body.once('close', finish).on('error', () => undefined);
  // There is nothing to read; whoever asks for the headers alone need not give the connection back.
  if (method === 'HEAD') discard(body);
  return {
    status: statusCode,
    headers,
    body: method === 'HEAD' ? nothing() : read(body, deadline, toError),
    discard: () => { discard(body); },
  };
}

async function* read(body: Dispatcher.ResponseData['body'], deadline: RequestDeadline, toError: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      deadline.progress(chunk.byteLength);
      yield chunk;
    }
  } catch (error) {
    throw toError(error);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function discard(body: Dispatcher.ResponseData['body']): void {
  body.dump({ limit: maxDrainedBytes }).catch(() => undefined);
}

function requestBody({ body, answerWithinMs }: HttpRequest, deadline: RequestDeadline, slabs: Slabs): RequestBody {
  if (body === undefined || body instanceof Uint8Array) {
    if (answerWithinMs !== undefined) deadline.restart(answerWithinMs);
    return body ?? null;
  }
  return sending(body(), deadline, slabs, answerWithinMs);
}

/** undici asks for the next bytes once the socket holds less than {@link unsentBytes} of what it was given, or nothing: whatever lies further back was sent. */
async function* sending(bytes: AsyncIterable<Uint8Array>, deadline: RequestDeadline, slabs: Slabs, answerWithinMs: number | undefined): AsyncGenerator<Uint8Array> {
  const unsent: Uint8Array[] = [];
  let length = 0;
  slabs.begin();
  try {
    for await (const chunk of bytes) {
      deadline.progress(chunk.byteLength);
      yield chunk;
      unsent.push(chunk);
      length += chunk.byteLength;
      for (let first = unsent[0]; first && length - first.byteLength >= unsentBytes; first = unsent[0]) {
        slabs.giveBack(first);
        length -= first.byteLength;
        unsent.shift();
      }
    }
    if (answerWithinMs !== undefined) deadline.restart(answerWithinMs);
  } finally {
    slabs.end();
  }
}

/** undici notices an abort only once the request has a socket; the caller must not wait for that. */
function untilAborted(sent: Promise<Dispatcher.ResponseData>, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  sent.then(({ body }) => { if (signal.aborted) body.on('error', () => undefined).destroy(); }, () => undefined);
  return abortable(sent, signal);
}

function failure(error: unknown, deadline: RequestDeadline, caller: AbortSignal, context: RequestContext): unknown {
  if (caller.aborted) return caller.reason;
  return deadline.expired ? timedOut(context) : toRequestError(error, context);
}
