// A registry's challenge + a person's login → the Authorization header. A login goes to its registry and that registry's realm only.
import { SharedLoads } from '../async/sharedLoads.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { readJson } from '../encoding/json.ts';
import { CosignError } from '../errors.ts';
import { readBody } from './boundedBody.ts';
import { parseChallenges } from './challenge.ts';
import { isLoopback, isPrivateAddress } from './hosts.ts';
import { readFailure, registryError } from './registryError.ts';
import type { Clock, Credentials, HttpResponse, Keychain, RegistryRules, Transport } from './transport.ts';

export type Actions = 'pull' | 'pull,push';

/** Which repository, spoken to at which origin. */
export interface AccessTarget {
  readonly registry: string;
  readonly repository: string;
  /** Scheme, host and port that the request goes to. */
  readonly origin: URL;
  readonly actions: Actions;
}

export interface Authorization {
  /** Undefined: send none. */
  readonly header?: string;
  /** For messages: `anonymously`, `as NAME`. */
  readonly account: string;
}

interface Token { readonly header: string; readonly account: string; readonly lifetimeMs: number }
type Scheme = { readonly kind: 'basic' } | { readonly kind: 'bearer'; readonly realm: URL; readonly service: string | undefined };

const maxTokenBytes = 256 * 1024;
const defaultLifetimeMs = 60_000;

export class Authorizer {
  readonly #transport: Transport;
  readonly #keychain: Keychain;
  readonly #rules: RegistryRules;
  readonly #clock: Clock;
  /** What each origin asked for; nothing is sent before it asked. */
  readonly #schemes = new Map<string, Scheme>();
  readonly #tokens: SharedLoads<Token>;

  constructor(options: { readonly transport: Transport; readonly keychain: Keychain; readonly rules: RegistryRules; readonly clock: Clock }) {
    this.#transport = options.transport;
    this.#keychain = options.keychain;
    this.#rules = options.rules;
    this.#clock = options.clock;
    this.#tokens = new SharedLoads<Token>({ lifetimeMs: ({ lifetimeMs }) => lifetimeMs, capacity: 1000, now: () => options.clock.now() });
  }

  /**
   * The header for a request, when this origin has asked for one before. Requests for one repository share one token.
   * @param rejected the header that a 401 just answered: that token is not used again
   * @throws {CosignError} `REGISTRY_UNAUTHORIZED`, `REGISTRY_REALM_REFUSED`, `CREDENTIALS_UNREADABLE` and every code of the token request
   */
  async authorize(target: AccessTarget, signal: AbortSignal, rejected?: string): Promise<Authorization> {
    const scheme = this.#schemes.get(target.origin.origin);
    if (!scheme) return { account: 'anonymously' };
    const key = JSON.stringify([target.origin.origin, target.registry, target.repository, target.actions]);
    const load = (shared: AbortSignal): Promise<Token> => this.#token(target, scheme, shared);
    const token = await this.#tokens.get(key, load, signal);
    const current = token.header !== '' && token.header === rejected ? await this.#tokens.get(key, load, signal, true) : token;
    return { account: current.account, ...(current.header === '' ? {} : { header: current.header }) };
  }

  /**
   * Takes in a 401. @returns false when it names no scheme we can answer
   * @throws {CosignError} `REGISTRY_REALM_REFUSED`
   */
  learn(origin: URL, response: HttpResponse): boolean {
    const challenges = parseChallenges(response.headers['www-authenticate']);
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined);
    if (bearer) {
      this.#schemes.set(origin.origin, { kind: 'bearer', realm: this.#checkRealm(origin, bearer.parameters['realm'] ?? ''), service: bearer.parameters['service'] });
      return true;
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return false;
    this.#schemes.set(origin.origin, { kind: 'basic' });
    return true;
  }

  #checkRealm(origin: URL, text: string): URL {
    const refuse = (why: string): never => {
      throw new CosignError('REGISTRY_REALM_REFUSED', `The registry ${origin.host} asks to log in at a place that is refused: ${why}.`, { remedy: 'Check that this host really is the registry you mean.' });
    };
    let realm: URL;
    try {
      realm = new URL(text);
    } catch {
      return refuse('it is no URL');
    }
    if (realm.username !== '' || realm.password !== '') return refuse('its URL carries a user name');
    const plain = realm.protocol === 'http:' && origin.protocol === 'http:' && this.#rules.allowsPlainHttp(realm.host);
    if (realm.protocol !== 'https:' && !plain) return refuse('it is not https');
    if (isPrivateAddress(realm.host) && !(isPrivateAddress(origin.host) && (!isLoopback(realm.host) || isLoopback(origin.host)))) return refuse(`${realm.host} is a private address`);
    return realm;
  }

  async #token(target: AccessTarget, scheme: Scheme, signal: AbortSignal): Promise<Token> {
    const credentials = await this.#keychain.find(target.registry, target.repository, signal);
    const account = accountOf(credentials);
    if (credentials?.kind === 'bearer') return { header: `Bearer ${checkToken(credentials.token, target)}`, account, lifetimeMs: 3600_000 };
    if (scheme.kind === 'basic') {
      return { header: credentials?.kind === 'basic' ? basic(credentials) : '', account, lifetimeMs: 300_000 };
    }
    return this.#fetchToken(target, scheme, credentials, signal);
  }

  async #fetchToken(target: AccessTarget, { realm, service }: Extract<Scheme, { kind: 'bearer' }>, credentials: Credentials | undefined, signal: AbortSignal): Promise<Token> {
    const account = accountOf(credentials);
    const parameters = new URLSearchParams({ ...(service === undefined ? {} : { service }), scope: `repository:${target.repository}:${target.actions}` });
    let response = credentials?.kind === 'identity'
      ? await this.#transport.send({
        method: 'POST', url: realm, headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(new URLSearchParams([...parameters, ['grant_type', 'refresh_token'], ['client_id', 'countersign'], ['refresh_token', credentials.token]]).toString()),
      }, signal)
      : undefined;
    // Some realms know no OAuth2: the identity token is their password then.
    if (response?.status === 404 || response?.status === 405) {
      response.discard();
      response = undefined;
    }
    if (!response) {
      const url = new URL(realm);
      for (const [name, value] of parameters) url.searchParams.set(name, value);
      const login = credentials?.kind === 'basic' ? basic(credentials) : credentials?.kind === 'identity' ? basic({ username: '<token>', password: credentials.token }) : undefined;
      response = await this.#transport.send({ method: 'GET', url, headers: login === undefined ? {} : { authorization: login } }, signal);
    }
    const on = `a token for ${target.registry}/${target.repository}`;
    if (response.status !== 200) throw registryError(await readFailure(response, { method: 'GET', on, account }, this.#clock.now()));
    return readToken(await readBody(response, maxTokenBytes, on), target, account);
  }
}

function readToken(bytes: Uint8Array, target: AccessTarget, account: string): Token {
  const nonsense = (cause?: unknown): CosignError => new CosignError('REGISTRY_RESPONSE_INVALID', `The token service of ${target.registry} gave an answer without a token.`, { cause, remedy: 'Verify again later.' });
  let root: unknown;
  try {
    root = readJson(bytes, { maxBytes: maxTokenBytes, maxDepth: 16 });
  } catch (cause) {
    throw nonsense(cause);
  }
  if (typeof root !== 'object' || root === null) throw nonsense();
  const { token, access_token: accessToken, expires_in: expiresIn } = root as Readonly<Record<string, unknown>>;
  // Some registries set access_token instead of token.
  const text = typeof token === 'string' && token !== '' ? token : accessToken;
  if (typeof text !== 'string' || text === '') throw nonsense();
  const seconds = typeof expiresIn === 'number' && expiresIn > 0 ? Math.min(expiresIn, 86_400) : defaultLifetimeMs / 1000;
  // Renewed a little early, so that it does not expire on its way.
  return { header: `Bearer ${checkToken(text, target)}`, account, lifetimeMs: seconds * 900 };
}

function checkToken(text: string, target: AccessTarget): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new CosignError('REGISTRY_RESPONSE_INVALID', `The token for ${target.registry} has characters no token has.`);
}

const basic = ({ username, password }: { readonly username: string; readonly password: string }): string => `Basic ${encodeBase64(Buffer.from(`${username}:${password}`))}`;

function accountOf(credentials: Credentials | undefined): string {
  switch (credentials?.kind) {
    case undefined: return 'anonymously';
    case 'basic': return `as ${credentials.username}`;
    case 'identity':
    case 'bearer': return 'with a stored token';
  }
}
