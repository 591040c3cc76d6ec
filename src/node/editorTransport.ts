// HTTP through the editor's own fetch, which finds the proxies of the system and of PAC files; only ever the second choice.
import { setMaxListeners } from 'node:events';
import { isIP } from 'node:net';
import { abortable } from '../core/async/sharedLoads.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { reachOf } from '../core/oci/hosts.ts';
import type { HttpRequest, HttpResponse, Transport } from '../core/oci/transport.ts';
import { AddressRefused, allowsAddress, resolveAll, type Resolve } from './addressGuard.ts';
import { withoutDemand } from './certificateDemand.ts';
import { hostPortOf } from './hostNames.ts';
import { HostSlots } from './hostSlots.ts';
import { RequestDeadline } from './requestDeadline.ts';
import { timedOut, toRequestError, type RequestContext } from './requestFailure.ts';

/** The editor's `fetch`, as far as it is used. */
export type EditorFetch = (url: string, init: RequestInit) => Promise<Response>;

export interface EditorTransportOptions {
  readonly fetch: EditorFetch;
  /** Of Countersign, for the user-agent. */
  readonly version: string;
  /** For one request, in milliseconds. */
  readonly timeoutMs: number;
  /** How names are resolved; by the system by default. */
  readonly resolve?: Resolve;
}

/** Requests per host at a time. */
const requestsPerHost = 20;

/**
 * Sends to https addresses whose certificates the machine itself verifies, and bytes only. Who may send us where: the editor resolves and
 * connects, so the address of the connection is never seen. An answer may therefore lead to public names alone, and to none that this
 * machine resolves to an address of its own network; a name that changes its mind afterwards meets a server without its certificate.
 */
export class EditorTransport implements Transport {
  readonly #options: EditorTransportOptions;
  readonly #slots = new HostSlots(requestsPerHost);
  readonly #active = new Set<RequestDeadline>();
  readonly #disposed = new AbortController();

  constructor(options: EditorTransportOptions) {
    this.#options = options;
    setMaxListeners(0, this.#disposed.signal);
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    this.#disposed.signal.throwIfAborted();
    setMaxListeners(0, signal);
    const { url, method, headers, body, referral } = request;
    const { fetch, version, timeoutMs } = this.#options;
    if (url.protocol !== 'https:' || typeof body === 'function') throw new CosignError('INTERNAL', said`The editor's networking was asked for more than it may do for "${url.host}".`);
    const release = await this.#slots.acquire(url.origin, signal);
    const deadline = new RequestDeadline(timeoutMs, signal);
    setMaxListeners(0, deadline.signal);
    this.#active.add(deadline);
    const finish = (): void => {
      deadline.stop();
      this.#active.delete(deadline);
      release();
    };
    deadline.signal.addEventListener('abort', finish, { once: true });
    const context: RequestContext = { host: url.host, proxy: undefined, timeoutMs, answering: false, referral };
    try {
      if (referral) await this.#checkName(url, deadline.signal);
      const response = await abortable(fetch(url.href, {
        method, redirect: 'manual', credentials: 'omit', signal: deadline.signal, ...(body ? { body: Uint8Array.from(body) } : {}),
        headers: { ...withoutLength(headers), 'user-agent': `countersign/${version}`, 'accept-encoding': 'identity' },
      }), deadline.signal);
      // A redirect that is hidden from us cannot be judged.
      if (response.status < 200) throw new Error('no answer that can be read');
      return await withoutDemand(toResponse(response, method, deadline, finish, (error) => failure(error, deadline, signal, { ...context, answering: true })), request, { kind: 'none' });
    } catch (error) {
      finish();
      throw failure(error, deadline, signal, context);
    }
  }

  /** What is still under way rejects. Calling it again does nothing. */
  dispose(): void {
    const reason = new CosignError('REGISTRY_UNREACHABLE', said`The request was given up because its connections were closed.`, { remedy: said`Verify again.`, setting: false });
    this.#disposed.abort(reason);
    this.#slots.close(reason);
    for (const deadline of [...this.#active]) deadline.end(reason);
  }

  /** A name that nobody knows here is for the proxy to resolve: it cannot be one of this network. @throws {AddressRefused} */
  async #checkName(url: URL, signal: AbortSignal): Promise<void> {
    const { hostname } = hostPortOf(url);
    if (reachOf(url.host) !== 'public' || (isIP(hostname) === 0 && !hostname.includes('.'))) throw new AddressRefused(hostname);
    if (isIP(hostname) !== 0) return;
    const addresses = await abortable(new Promise<readonly string[]>((resolve) => {
      (this.#options.resolve ?? resolveAll)(hostname, (error, found) => { resolve(error ? [] : found.map(({ address }) => address)); });
    }), signal);
    const refused = addresses.find((address) => !allowsAddress('public', address));
    if (refused !== undefined) throw new AddressRefused(refused);
  }
}

function toResponse(response: Response, method: string, deadline: RequestDeadline, finish: () => void, toError: (error: unknown) => unknown): HttpResponse {
  const headers: Record<string, string> = {};
  response.headers.forEach((value, name) => { headers[name.toLowerCase()] = value; });
  const discard = (): void => {
    finish();
    // Locked while it is being read: then whoever reads lets go of it.
    if (response.body?.locked === false) response.body.cancel().catch(() => undefined);
  };
  if (method === 'HEAD' || !response.body) {
    discard();
    return { status: response.status, headers, body: nothing(), discard };
  }
  return { status: response.status, headers, body: read(response.body, deadline, finish, toError), discard };
}

async function* read(body: NonNullable<Response['body']>, deadline: RequestDeadline, finish: () => void, toError: (error: unknown) => unknown): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      deadline.signal.throwIfAborted();
      const chunk: { readonly done: boolean; readonly value?: unknown } = await abortable(reader.read(), deadline.signal);
      if (chunk.done) return;
      if (!(chunk.value instanceof Uint8Array)) continue;
      deadline.progress(chunk.value.byteLength);
      yield chunk.value;
    }
  } catch (error) {
    throw toError(error);
  } finally {
    finish();
    reader.cancel().catch(() => undefined);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** fetch counts for itself. */
function withoutLength(headers: HttpRequest['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-length'));
}

function failure(error: unknown, deadline: RequestDeadline, caller: AbortSignal, context: RequestContext): unknown {
  if (caller.aborted) return caller.reason;
  return deadline.expired ? timedOut(context) : toRequestError(error, context);
}
