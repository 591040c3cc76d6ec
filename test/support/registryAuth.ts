// Logins of the in-process registry: challenges, its own token endpoint, and the rule that nobody sends it a credential it did not ask for.
import { randomUUID } from 'node:crypto';
import { failure, json, type Answer, type RegistryRequest } from './registryAnswer.ts';

export type AuthOptions =
  /** The default. Any credential is a violation. */
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly accounts: Readonly<Record<string, string>> }
  | {
    readonly kind: 'bearer';
    /** Name → password. Each may pull and push. */
    readonly accounts?: Readonly<Record<string, string>>;
    /** Refresh token → name, for the OAuth2 POST. */
    readonly identityTokens?: Readonly<Record<string, string>>;
    /** False: the token endpoint answers a POST with 404. */
    readonly oauth?: boolean;
    /** False: without a login a token opens nothing. Default true: pull. */
    readonly anonymousPull?: boolean;
    /** `expires_in`, in seconds; not sent by default. */
    readonly expiresIn?: number;
    /** Which member of the token answer holds the token; default `token`. */
    readonly member?: 'token' | 'access_token';
    /** Default: `/token` of the registry itself. */
    readonly realm?: string;
    /** Bearer tokens that are good without the token endpoint. */
    readonly staticTokens?: readonly string[];
  };

interface Token {
  readonly account: string | undefined;
  readonly scopes: readonly string[];
  revoked: boolean;
}

export class RegistryAuth {
  /** What should never have been sent, in words. */
  readonly violations: string[] = [];
  readonly #options: AuthOptions;
  readonly #origin: () => string;
  readonly #tokens = new Map<string, Token>();

  constructor(options: AuthOptions, origin: () => string) {
    this.#options = options;
    this.#origin = origin;
  }

  /** From now on every token given out so far is refused, as if it had expired. */
  revokeTokens(): void {
    for (const token of this.#tokens.values()) token.revoked = true;
  }

  /** @returns undefined when the request may go on */
  refuse(request: RegistryRequest): Answer | undefined {
    const { authorization } = request.headers;
    for (const value of request.query.values()) {
      if (this.#passwords().includes(value)) this.#violation(request, 'a password in the query');
    }
    switch (this.#options.kind) {
      case 'none':
        if (authorization !== undefined) this.#violation(request, 'a credential, but asked for none');
        return undefined;
      case 'basic': {
        if (authorization !== undefined && !authorization.startsWith('Basic ')) this.#violation(request, 'a credential that is no Basic one');
        return this.#login(authorization) === undefined ? failure(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="test registry"' }) : undefined;
      }
      case 'bearer': return this.#refuseToken(request, authorization);
    }
  }

  /** The token endpoint. */
  token(request: RegistryRequest): Answer {
    if (this.#options.kind !== 'bearer') return failure(404, 'UNSUPPORTED');
    const { authorization } = request.headers;
    if (authorization?.startsWith('Bearer ')) this.#violation(request, 'a registry token at the token endpoint');
    if (request.method === 'POST') return this.#oauth(request);
    const account = this.#login(authorization);
    if (authorization !== undefined && account === undefined) return failure(401, 'UNAUTHORIZED');
    return this.#grant(account, request.query.getAll('scope'));
  }

  #oauth({ body }: RegistryRequest): Answer {
    if (this.#options.kind !== 'bearer' || this.#options.oauth === false) return { status: 404 };
    const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
    const account = this.#options.identityTokens?.[form.get('refresh_token') ?? ''];
    if (form.get('grant_type') !== 'refresh_token' || account === undefined) return failure(401, 'UNAUTHORIZED');
    return this.#grant(account, (form.get('scope') ?? '').split(' '));
  }

  #grant(account: string | undefined, scopes: readonly string[]): Answer {
    if (this.#options.kind !== 'bearer') return failure(404, 'UNSUPPORTED');
    const { anonymousPull = true, expiresIn, member = 'token' } = this.#options;
    const allowed = account === undefined ? (anonymousPull ? ['pull'] : []) : ['pull', 'push', 'delete'];
    const granted = scopes.flatMap((scope) => {
      const [, repository, actions] = /^repository:(.+):([^:]*)$/.exec(scope) ?? [];
      return (actions ?? '').split(',').filter((action) => allowed.includes(action)).map((action) => `${repository ?? ''}:${action}`);
    });
    const token = `token-${randomUUID()}`;
    this.#tokens.set(token, { account, scopes: granted, revoked: false });
    return json(200, { [member]: token, ...(expiresIn === undefined ? {} : { expires_in: expiresIn }) });
  }

  #refuseToken(request: RegistryRequest, authorization: string | undefined): Answer | undefined {
    if (this.#options.kind !== 'bearer') return undefined;
    const push = request.method !== 'GET' && request.method !== 'HEAD';
    const action = request.method === 'DELETE' ? 'delete' : push ? 'push' : 'pull';
    const text = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (authorization !== undefined && text === undefined) this.#violation(request, 'a password, where only tokens are taken');
    if (text !== undefined && this.#options.staticTokens?.includes(text)) return undefined;
    const token = text === undefined ? undefined : this.#tokens.get(text);
    if (text !== undefined && !token) this.#violation(request, 'a token of somebody else');
    const challenge = (error: string): Answer => {
      const scope = request.repository === '' ? '' : `,scope="repository:${request.repository}:${push ? 'pull,push' : 'pull'}"`;
      return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${this.#realm()}",service="test registry"${scope}${error}` });
    };
    if (!token) return challenge('');
    if (token.revoked) return challenge(',error="invalid_token"');
    return request.repository === '' || token.scopes.includes(`${request.repository}:${action}`) ? undefined : challenge(',error="insufficient_scope"');
  }

  #realm(): string {
    return (this.#options.kind === 'bearer' ? this.#options.realm : undefined) ?? `${this.#origin()}/token`;
  }

  #login(authorization: string | undefined): string | undefined {
    const text = /^Basic (.+)$/.exec(authorization ?? '')?.[1];
    if (text === undefined || this.#options.kind === 'none') return undefined;
    const [name = '', ...rest] = Buffer.from(text, 'base64').toString('utf8').split(':');
    return this.#options.accounts?.[name] === rest.join(':') ? name : undefined;
  }

  #passwords(): readonly string[] {
    if (this.#options.kind === 'none') return [];
    const tokens = this.#options.kind === 'bearer' ? Object.keys(this.#options.identityTokens ?? {}) : [];
    return [...Object.values(this.#options.accounts ?? {}), ...tokens, ...this.#tokens.keys()];
  }

  #violation({ method, path }: RegistryRequest, what: string): void {
    this.violations.push(`${method} ${path} received ${what}`);
  }
}
