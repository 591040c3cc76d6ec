// One request to a registry until there is an answer: scheme, login, redirects, retries. Says nothing about what the answer means.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { Authorizer, type AccessTarget, type Actions, type Authorization } from './authorization.ts';
import { isCertificateRefused, isConnectionFailure } from './connectionFailure.ts';
import { isLoopback } from './hosts.ts';
import { plainMediaType, single } from './headers.ts';
import { checkRedirect, redirectRefused, redirectTarget } from './redirect.ts';
import { apiHost, type Reference } from './reference.ts';
import { readFailure, registryError, type Failure } from './registryError.ts';
import { withRetries } from './retry.ts';
import type { Clock, HttpRequest, HttpResponse, Keychain, RegistryRules, Transport } from './transport.ts';

export type RepositoryName = Pick<Reference, 'registry' | 'repository'>;

export interface RegistryRequest {
  readonly repository: RepositoryName;
  readonly method: HttpRequest['method'];
  /** Behind `/v2/<repository>/`, or an absolute URL of the same registry (upload locations, next pages). */
  readonly path: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream is sent again from its beginning after a login; give its length in `content-length`. */
  readonly body?: HttpRequest['body'];
  /** As in {@link HttpRequest}. */
  readonly answerWithinMs?: number;
  readonly actions?: Actions;
  /** Another repository of the registry that must be readable, for mounting its blobs. */
  readonly alsoPull?: string;
  /** `same host`: an answer that points elsewhere is given back as it is. */
  readonly redirects?: 'follow' | 'same host';
  /** Default: whatever can be repeated without harm, which is everything but POST and PATCH. */
  readonly repeatable?: boolean;
}

export interface RegistryAnswer {
  readonly response: HttpResponse;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** For messages: `anonymously`, `as NAME`. */
  readonly account: Said;
}

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly keychain: Keychain;
  readonly rules: RegistryRules;
  readonly clock: Clock;
  /** From 0 to 1, for spreading retries. */
  readonly random: () => number;
  /** What logins are for where a request does not say; default `pull`. A destination is asked for `pull,push` from the start: it may hide what cannot be pushed to. */
  readonly actions?: Actions;
}

interface SchemedAnswer { readonly answer: RegistryAnswer; readonly authorization: Authorization; readonly origin: URL }
type Scheme = 'http' | 'https';

const attempts = 3;
const maxLogins = 2;
/** What the caller can make something of; every other status from 400 on is an error. */
const judgedByCaller: readonly number[] = [400, 404, 405, 406, 415, 416, 501];

export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #authorizer: Authorizer;
  /** The scheme that worked for a host that may be spoken to in plain http. */
  readonly #schemes = new Map<string, Scheme>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#authorizer = new Authorizer(options);
  }

  /**
   * Sends, and lets `use` read the answer; all of it is repeated when it fails for a reason that may pass.
   * @param use gets any status below 400 and 400, 404, 405, 406, 415, 416, 501; must read or discard the body
   * @throws {CosignError} every `REGISTRY_…` code and the transport's
   */
  ask<T>(request: RegistryRequest, use: (answer: RegistryAnswer) => Promise<T>, signal: AbortSignal): Promise<T> {
    const { repeatable = request.method !== 'POST' && request.method !== 'PATCH' } = request;
    return withRetries(async () => {
      const answer = await this.#authorized(request, signal);
      const { status } = answer.response;
      if (status >= 400 && !judgedByCaller.includes(status)) throw await this.error(request, answer, signal);
      return use(answer);
    }, { ...this.#options, attempts: repeatable ? attempts : 1 }, signal);
  }

  /** What an answer that is no success says about itself; reads its body. @throws the signal's reason */
  failure(request: RegistryRequest, { response, account }: RegistryAnswer, signal: AbortSignal): Promise<Failure> {
    const { registry, repository } = request.repository;
    return readFailure(response, { method: request.method, on: `${registry}/${repository}`, account }, this.#options.clock.now(), signal);
  }

  /** The error for an answer that is no success. @throws the signal's reason */
  async error(request: RegistryRequest, answer: RegistryAnswer, signal: AbortSignal): Promise<CosignError> {
    return registryError(await this.failure(request, answer, signal));
  }

  /** Answers a 401 with a token; asks for a new one when it had an old one, or when the registry names a wider scope than ours. */
  async #authorized(request: RegistryRequest, signal: AbortSignal): Promise<RegistryAnswer> {
    const obtained = new Set<string>();
    for (let logins = 0; ; logins++) {
      const { answer, authorization, origin } = await this.#anyScheme(request, signal);
      if (answer.response.status !== 401 || answer.url.origin !== origin.origin) return answer;
      const target = this.#target(request, origin);
      const challenge = this.#authorizer.learn(target, answer.response);
      const isNew = authorization.header !== undefined && obtained.has(authorization.header);
      if (!challenge || logins === maxLogins || (isNew && challenge.widerScope === undefined)) return answer;
      const again = await this.#authorizer.authorize(target, signal, { header: authorization.header, widerScope: isNew ? challenge.widerScope : undefined });
      // With nothing, or with what was just refused, it would only be refused again.
      if (again.header === undefined || again.header === authorization.header) return { ...answer, account: again.account };
      if (again.isNew) obtained.add(again.header);
      answer.response.discard();
    }
  }

  #target(request: RegistryRequest, origin: URL): AccessTarget {
    const { registry, repository } = request.repository;
    const actions = request.actions ?? this.#options.actions ?? 'pull';
    return { registry, repository, origin, actions, ...(request.alsoPull === undefined ? {} : { alsoPull: request.alsoPull }) };
  }

  /** https; for loopback http first and https when that is what answers; for listed hosts https first. */
  async #anyScheme(request: RegistryRequest, signal: AbortSignal): Promise<SchemedAnswer> {
    const host = apiHost(request.repository.registry);
    const order = this.#schemeOrder(host, request.method);
    let failure: CosignError | undefined;
    for (const [index, scheme] of order.entries()) {
      const origin = new URL(`${scheme}://${host}`);
      const authorization = await this.#authorizer.authorize(this.#target(request, origin), signal);
      const more = index + 1 < order.length;
      try {
        const answer = await this.#redirected(request, origin, authorization, signal);
        // "Client sent an HTTP request to an HTTPS server": no registry's own 400 is plain text.
        const type = plainMediaType(single(answer.response.headers['content-type']));
        if (!(more && scheme === 'http' && answer.response.status === 400 && !type?.includes('json'))) {
          if (order.length > 1) this.#schemes.set(host, scheme);
          return { answer, authorization, origin };
        }
        answer.response.discard();
      } catch (error) {
        signal.throwIfAborted();
        if (!isConnectionFailure(error)) throw error;
        // A certificate that is refused says more than a plain connection that was cut.
        if (!failure || isCertificateRefused(error)) failure = error;
      }
    }
    throw failure ?? new CosignError('REGISTRY_UNREACHABLE', said`The registry ${host} cannot be reached.`);
  }

  /** Only what can be repeated without harm finds out about the scheme. */
  #schemeOrder(host: string, method: HttpRequest['method']): readonly Scheme[] {
    const known = this.#schemes.get(host);
    if (known) return [known];
    if (!this.#options.rules.allowsPlainHttp(host)) return ['https'];
    const order: readonly Scheme[] = isLoopback(host) ? ['http', 'https'] : ['https', 'http'];
    return method === 'POST' || method === 'PATCH' ? order.slice(0, 1) : order;
  }

  /** Credentials go to the registry's own origin only, and never again once a redirect has led away from it. */
  async #redirected(request: RegistryRequest, origin: URL, authorization: Authorization, signal: AbortSignal): Promise<RegistryAnswer> {
    let url = typeof request.path === 'string' ? new URL(`/v2/${request.repository.repository}/${request.path}`, origin) : request.path;
    let isOwn = url.origin === origin.origin;
    for (let hop = 0; ; hop++) {
      const headers = { ...request.headers, ...(isOwn && authorization.header !== undefined ? { authorization: authorization.header } : {}) };
      const referral = url.origin === origin.origin ? undefined : { from: origin.host, refuse: (why: Said) => redirectRefused(origin, why) };
      const response = await this.#options.transport.send({
        method: request.method, url, headers, ...(request.body ? { body: request.body } : {}), ...(request.answerWithinMs === undefined ? {} : { answerWithinMs: request.answerWithinMs }), ...(referral ? { referral } : {}),
      }, signal);
      const answer = { response, url, account: authorization.account };
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer;
      try {
        const next = redirectTarget(response, url);
        if (!next || (request.redirects === 'same host' && next.host !== url.host)) return answer;
        checkRedirect(next, url, origin, hop, this.#options.rules);
        response.discard();
        url = next;
        isOwn &&= url.origin === origin.origin;
      } catch (error) {
        response.discard();
        throw error;
      }
    }
  }
}
