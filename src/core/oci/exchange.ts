// One request to a registry until there is an answer: scheme, login, redirects, retries. Says nothing about what the answer means.
import { CosignError, toCosignError } from '../errors.ts';
import { Authorizer, type Actions, type Authorization } from './authorization.ts';
import { isLoopback, isPrivateAddress } from './hosts.ts';
import { apiHost, type Reference } from './reference.ts';
import { parseRetryAfter, readFailure, registryError, single, type Failure } from './registryError.ts';
import type { Clock, HttpRequest, HttpResponse, Keychain, RegistryRules, Transport } from './transport.ts';

export type RepositoryName = Pick<Reference, 'registry' | 'repository'>;

export interface RegistryRequest {
  readonly repository: RepositoryName;
  readonly method: HttpRequest['method'];
  /** Behind `/v2/<repository>/`, or an absolute URL of the same registry (upload locations, next pages). */
  readonly path: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly actions?: Actions;
  /** `same host`: an answer that points elsewhere is given back as it is. */
  readonly redirects?: 'follow' | 'same host';
}

export interface RegistryAnswer {
  readonly response: HttpResponse;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly account: string;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly keychain: Keychain;
  readonly rules: RegistryRules;
  readonly clock: Clock;
  /** From 0 to 1, for spreading retries. */
  readonly random: () => number;
}

const maxAttempts = 3;
const maxRedirects = 5;
const maxRetryAfterMs = 10_000;
const retriedStatus: readonly number[] = [408, 429, 500, 502, 503, 504];

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #authorizer: Authorizer;
  /** The scheme that worked for a host that may be spoken to in plain http. */
  readonly #schemes = new Map<string, 'http' | 'https'>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#authorizer = new Authorizer(options);
  }

  /**
   * Any status below 400 and 404, 405, 406, 400 and 416 are given back for the caller to judge; the rest is thrown.
   * @throws {CosignError} every `REGISTRY_…` code and the transport's
   */
  async send(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === maxAttempts || !isIdempotent(request.method);
      try {
        const answer = await this.#authorized(request, signal);
        const { status } = answer.response;
        if (!retriedStatus.includes(status)) return await this.#accept(request, answer);
        const asked = parseRetryAfter(single(answer.response.headers['retry-after']), this.#options.clock.now());
        if (last || (asked !== undefined && asked > maxRetryAfterMs)) throw registryError(await this.failure(request, answer));
        answer.response.discard();
        await this.#pause(attempt, asked, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (last || !isTransient(error)) throw error;
        await this.#pause(attempt, undefined, signal);
      }
    }
  }

  /** What an answer that is no success says about itself; reads its body. */
  failure(request: RegistryRequest, { response, account }: RegistryAnswer): Promise<Failure> {
    const { registry, repository } = request.repository;
    return readFailure(response, { method: request.method, on: `${registry}/${repository}`, account }, this.#options.clock.now());
  }

  async #accept(request: RegistryRequest, answer: RegistryAnswer): Promise<RegistryAnswer> {
    const { status } = answer.response;
    if (status < 400 || [400, 404, 405, 406, 415, 416, 501].includes(status)) return answer;
    throw registryError(await this.failure(request, answer));
  }

  async #authorized(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    for (let tries = 0; ; tries++) {
      const { answer, authorization } = await this.#anyScheme(request, signal);
      if (answer.response.status !== 401 || tries === 2 || answer.url.origin !== authorization.origin.origin) return answer;
      if (!this.#authorizer.learn(authorization.origin, answer.response)) return answer;
      const again = await this.#authorizer.authorize(this.#target(request, authorization.origin), signal, authorization.header);
      // Asking once more with what was just refused, or with nothing, would only be refused again.
      if (again.header === undefined || again.header === authorization.header) return { ...answer, account: again.account };
      answer.response.discard();
    }
  }

  #target(request: RegistryRequest, origin: URL): Parameters<Authorizer['authorize']>[0] {
    return { ...request.repository, origin, actions: request.actions ?? 'pull' };
  }

  /** https; for loopback http first and https when that is what answers; for listed hosts https first. */
  async #anyScheme(request: RegistryRequest, signal: AbortSignal): Promise<{ answer: RegistryAnswer; authorization: Authorization & { readonly origin: URL } }> {
    const host = apiHost(request.repository.registry);
    const known = this.#schemes.get(host);
    const order = known ? [known] : !this.#options.rules.allowsPlainHttp(host) ? ['https' as const] : isLoopback(host) ? ['http' as const, 'https' as const] : ['https' as const, 'http' as const];
    let failure: CosignError | undefined;
    for (const [index, scheme] of order.entries()) {
      const origin = new URL(`${scheme}://${host}`);
      const more = index + 1 < order.length;
      try {
        const authorization = await this.#authorizer.authorize(this.#target(request, origin), signal);
        const answer = await this.#redirected(request, origin, authorization, signal);
        // "Client sent an HTTP request to an HTTPS server": no registry's own 400 is plain text.
        const wrongScheme = more && scheme === 'http' && answer.response.status === 400 && !single(answer.response.headers['content-type'])?.includes('json');
        if (!wrongScheme) {
          if (order.length > 1) this.#schemes.set(host, scheme);
          return { answer, authorization: { ...authorization, origin } };
        }
        answer.response.discard();
      } catch (error) {
        signal.throwIfAborted();
        failure ??= toCosignError(error);
        if (!more || !isConnectionFailure(error)) throw failure;
      }
    }
    throw failure ?? new CosignError('REGISTRY_UNREACHABLE', `The registry ${host} cannot be reached.`);
  }

  async #redirected(request: RegistryRequest, origin: URL, authorization: Authorization, signal: AbortSignal): Promise<RegistryAnswer> {
    let url = typeof request.path === 'string' ? new URL(`/v2/${request.repository.repository}/${request.path}`, origin) : request.path;
    for (let hop = 0; ; hop++) {
      const own = url.origin === origin.origin;
      const headers = { ...request.headers, ...(own && authorization.header !== undefined ? { authorization: authorization.header } : {}) };
      const response = await this.#options.transport.send({ method: request.method, url, headers, ...(request.body ? { body: request.body } : {}) }, signal);
      const location = single(response.headers['location']);
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && (request.method === 'GET' || request.method === 'HEAD') && location !== undefined;
      const next = isRedirect ? parseLocation(location, url) : undefined;
      if (!isRedirect || (request.redirects === 'same host' && next?.host !== url.host)) return { response, url, account: authorization.account };
      response.discard();
      url = checkRedirect(next, url, origin, hop);
    }
  }

  async #pause(attempt: number, askedMs: number | undefined, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(askedMs ?? 250 * 3 ** (attempt - 1) * (0.5 + this.#options.random()), signal);
  }
}

function parseLocation(location: string, base: URL): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}

/** Blobs often lie elsewhere; nobody may use that to send us into a private network or off https. */
function checkRedirect(next: URL | undefined, from: URL, origin: URL, hop: number): URL {
  const refuse = (why: string): never => {
    throw new CosignError('REGISTRY_REDIRECT_REFUSED', `The registry ${origin.host} redirects to a place that is refused: ${why}.`, { remedy: 'Check that this host really is the registry you mean.' });
  };
  if (!next || (next.protocol !== 'https:' && next.protocol !== 'http:')) return refuse('it is no http address');
  if (hop >= maxRedirects) return refuse(`it redirects more than ${maxRedirects} times`);
  if (from.protocol === 'https:' && next.protocol === 'http:') return refuse('it is not https');
  if (next.username !== '' || next.password !== '') return refuse('its URL carries a user name');
  if (next.host !== origin.host && isPrivateAddress(next.host) && !(isPrivateAddress(origin.host) && (!isLoopback(next.host) || isLoopback(origin.host)))) return refuse(`${next.host} is a private address`);
  return next;
}

const isIdempotent = (method: HttpRequest['method']): boolean => method === 'GET' || method === 'HEAD' || method === 'PUT';
const isTransient = (error: unknown): boolean => error instanceof CosignError && error.code === 'REGISTRY_UNREACHABLE';
const isConnectionFailure = (error: unknown): boolean => error instanceof CosignError && (error.code === 'REGISTRY_UNREACHABLE' || error.code === 'REGISTRY_TLS');
