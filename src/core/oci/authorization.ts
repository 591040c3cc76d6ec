// A registry's challenge + a person's login → the Authorization header. A login goes to its registry and that registry's realm only.
import { SharedLoads } from '../async/sharedLoads.ts';
import { encodeBase64 } from '../encoding/base64.ts';
import { readJson } from '../encoding/json.ts';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { readBody } from './boundedBody.ts';
import { parseChallenges } from './challenge.ts';
import { maySendTo } from './hosts.ts';
import { anonymously, readFailure, registryError } from './registryError.ts';
import type { Clock, Credentials, HttpRequest, HttpResponse, Keychain, RegistryRules, Transport } from './transport.ts';

export type Actions = 'pull' | 'pull,push';

/** Which repository, spoken to at which origin. */
export interface AccessTarget {
  readonly registry: string;
  /** Empty: the registry itself, whatever is in it. */
  readonly repository: string;
  /** Scheme, host and port that the request goes to. */
  readonly origin: URL;
  readonly actions: Actions;
  /** Another repository that must be readable too. */
  readonly alsoPull?: string;
}

export interface Authorization {
  /** Undefined: send none. */
  readonly header?: string;
  /** For messages: `anonymously`, `as NAME`. */
  readonly account: Said;
  /** Obtained by this very call, so that a refusal of it is final. */
  readonly isNew: boolean;
}

/** What a 401 says about a header that was sent, or about none. */
export interface Rejection {
  readonly header: string | undefined;
  /** Asked for besides our own scope. */
  readonly widerScope: string | undefined;
}

interface Token { readonly header: string; readonly account: Said; readonly lifetimeMs: number }
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
   * @param rejection what was refused: it is not used again, and one new token is shared by all who met the refusal
   * @throws {CosignError} `REGISTRY_UNAUTHORIZED`, `CREDENTIALS_UNREADABLE`, `CREDENTIAL_HELPER_FAILED` and every code of the token request
   */
  async authorize(target: AccessTarget, signal: AbortSignal, rejection?: Rejection): Promise<Authorization> {
    const scheme = this.#schemes.get(target.origin.origin);
    if (!scheme) return { account: anonymously, isNew: false };
    const key = JSON.stringify([target.origin.origin, target.registry, target.repository, target.actions, target.alsoPull ?? '']);
    let isNew = false;
    const load = (shared: AbortSignal): Promise<Token> => {
      isNew = true;
      return this.#token(target, scheme, rejection?.widerScope, shared);
    };
    let token = await this.#tokens.get(key, load, signal);
    if (token.header !== '' && token.header === rejection?.header) {
      this.#tokens.forget(key, token);
      token = await this.#tokens.get(key, load, signal);
    }
    return { account: token.account, isNew, ...(token.header === '' ? {} : { header: token.header }) };
  }

  /**
   * Takes in a 401.
   * @returns undefined when it names no scheme we can answer; else the scope it asks for when that is more than ours
   * @throws {CosignError} `REGISTRY_REALM_REFUSED`
   */
  learn({ origin, repository, actions }: AccessTarget, response: HttpResponse): { readonly widerScope: string | undefined } | undefined {
    const challenges = parseChallenges(response.headers['www-authenticate']);
    const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters['realm'] !== undefined);
    if (bearer) {
      this.#schemes.set(origin.origin, { kind: 'bearer', realm: this.#checkRealm(origin, bearer.parameters['realm'] ?? ''), service: bearer.parameters['service'] });
      return { widerScope: widerThan(`repository:${repository}:${actions}`, bearer.parameters['scope']) };
    }
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    this.#schemes.set(origin.origin, { kind: 'basic' });
    return { widerScope: undefined };
  }

  #checkRealm(origin: URL, text: string): URL {
    const refuse = (why: Said): never => {
      throw realmRefused(origin, why);
    };
    if (!URL.canParse(text)) return refuse(said`it is no URL`);
    const realm = new URL(text);
    if (realm.username !== '' || realm.password !== '') return refuse(said`its URL carries a user name`);
    const plain = realm.protocol === 'http:' && origin.protocol === 'http:' && this.#rules.allowsPlainHttp(realm.host);
    if (realm.protocol !== 'https:' && !plain) return refuse(said`it is not https`);
    if (!maySendTo(origin.host, realm.host)) return refuse(said`${realm.host} is a private address`);
    return realm;
  }

  async #token(target: AccessTarget, scheme: Scheme, widerScope: string | undefined, signal: AbortSignal): Promise<Token> {
    const credentials = await this.#keychain.find(target.registry, target.repository, signal);
    const account = accountOf(credentials);
    if (credentials?.kind === 'bearer') return { header: `Bearer ${checkToken(credentials.token, target)}`, account, lifetimeMs: 3600_000 };
    if (scheme.kind === 'basic') {
      return { header: credentials?.kind === 'basic' ? basic(credentials) : '', account, lifetimeMs: 300_000 };
    }
    return this.#fetchToken(target, scheme, widerScope, credentials, signal);
  }

  async #fetchToken(target: AccessTarget, scheme: Extract<Scheme, { kind: 'bearer' }>, widerScope: string | undefined, credentials: Credentials | undefined, signal: AbortSignal): Promise<Token> {
    const account = accountOf(credentials);
    // Some registries honour only the first scope.
    const also = target.alsoPull === undefined ? [] : [`repository:${target.alsoPull}:pull`];
    const own = target.repository === '' ? [] : [`repository:${target.repository}:${target.actions}`];
    const scopes = [...own, ...also, ...(widerScope === undefined ? [] : [widerScope])];
    const exchanged = credentials?.kind === 'identity' ? await this.#exchangeIdentity(target.origin, scheme, scopes, credentials.token, signal) : undefined;
    const response = exchanged ?? await this.#transport.send({ ...tokenRequest(scheme, scopes, credentials), ...referralTo(scheme.realm, target.origin) }, signal);
    const on = target.repository === '' ? target.registry : `${target.registry}/${target.repository}`;
    if (response.status !== 200) throw registryError(await readFailure(response, { method: 'GET', on, account }, this.#clock.now(), signal));
    return readToken(await readBody(response, maxTokenBytes, said`a token for ${on}`, signal), target, account);
  }

  /** @returns undefined where the realm knows no OAuth2: the identity token is a password then */
  async #exchangeIdentity(origin: URL, { realm, service }: Extract<Scheme, { kind: 'bearer' }>, scopes: readonly string[], token: string, signal: AbortSignal): Promise<HttpResponse | undefined> {
    const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'countersign', ...(service === undefined ? {} : { service }), scope: scopes.join(' '), refresh_token: token });
    const response = await this.#transport.send({
      method: 'POST', url: realm, headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new TextEncoder().encode(form.toString()),
      ...referralTo(realm, origin),
    }, signal);
    if (response.status !== 404 && response.status !== 405) return response;
    response.discard();
    return undefined;
  }
}

function realmRefused(origin: URL, why: Said): CosignError {
  return new CosignError('REGISTRY_REALM_REFUSED', said`The registry ${origin.host} asks to log in at a place that is refused: ${why}.`, { remedy: said`Check that this host really is the registry you mean.` });
}

/** A login leaves the registry: where to is only known once the realm's name is resolved. */
function referralTo(realm: URL, origin: URL): Pick<HttpRequest, 'referral'> {
  return realm.origin === origin.origin ? {} : { referral: { from: origin.host, refuse: (why) => realmRefused(origin, why) } };
}

function tokenRequest({ realm, service }: Extract<Scheme, { kind: 'bearer' }>, scopes: readonly string[], credentials: Credentials | undefined): HttpRequest {
  const url = new URL(realm);
  url.hash = '';
  if (service !== undefined) url.searchParams.set('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  const login = credentials?.kind === 'basic' ? basic(credentials) : credentials?.kind === 'identity' ? basic({ username: '<token>', password: credentials.token }) : undefined;
  return { method: 'GET', url, headers: login === undefined ? {} : { authorization: login } };
}

/** The scope a challenge names, when it holds more than our own: other repositories, or further actions. */
function widerThan(own: string, named: string | undefined): string | undefined {
  if (named === undefined || named.length > 512 || !/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(named)) return undefined;
  const [prefix, actions] = splitActions(own);
  const covers = (scope: string): boolean => {
    const [otherPrefix, others] = splitActions(scope);
    return otherPrefix === prefix && others.every((action) => actions.includes(action));
  };
  return named.split(' ').every(covers) ? undefined : named;
}

function splitActions(scope: string): readonly [string, readonly string[]] {
  const colon = scope.lastIndexOf(':');
  return [scope.slice(0, colon), scope.slice(colon + 1).split(',')];
}

function readToken(bytes: Uint8Array, target: AccessTarget, account: Said): Token {
  const nonsense = (cause?: unknown): CosignError => new CosignError('REGISTRY_RESPONSE_INVALID', said`The token service of ${target.registry} gave an answer without a token.`, { cause, remedy: said`Verify again later.` });
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
  throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The token for ${target.registry} has characters no token has.`);
}

const basic = ({ username, password }: { readonly username: string; readonly password: string }): string => `Basic ${encodeBase64(Buffer.from(`${username}:${password}`))}`;

function accountOf(credentials: Credentials | undefined): Said {
  switch (credentials?.kind) {
    case undefined: return anonymously;
    case 'basic': return said`as ${credentials.username}`;
    case 'identity':
    case 'bearer': return said`with a stored token`;
  }
}
