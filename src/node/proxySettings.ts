// Which proxy, if any, stands between this machine and a host: settings first, then the environment.
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { hostPortOf, inAddressRange, isLoopback, splitHostPort } from './hostNames.ts';

export interface Proxy {
  readonly hostname: string;
  readonly port: number;
  /** Spoken to in TLS itself. */
  readonly secure: boolean;
  /** `Basic …`: for the proxy alone, never for a registry. */
  readonly authorization?: string;
  /** `host:port`, for messages. */
  readonly shown: string;
  /** Where it was configured, for messages: `http.proxy` or the variable's name. */
  readonly setting: string;
}

/** The setting to open for a proxy that fails; none changes a variable of the environment. */
export function settingOf({ setting }: Proxy): string | false {
  return setting.startsWith('http.') && setting;
}

export interface ProxySettings {
  readonly proxy?: string;
  /** A whole `Proxy-Authorization` value, for a proxy whose address holds no login. */
  readonly proxyAuthorization?: string;
  /** False: no proxy at all, whatever else is set. */
  readonly proxySupport?: boolean;
  readonly noProxy: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How one URL is reached, and why so. */
export type ProxyDecision =
  | { readonly kind: 'proxy'; readonly proxy: Proxy }
  | { readonly kind: 'direct'; readonly why: 'loopback' | 'turned off' | 'none' }
  /** `from`: `http.noProxy` or `NO_PROXY`. */
  | { readonly kind: 'direct'; readonly why: 'exception'; readonly entry: string; readonly from: string };

/** As {@link decideProxy}; undefined to connect directly. @throws {CosignError} `PROXY_INVALID` */
export function chooseProxy(url: URL, settings: ProxySettings): Proxy | undefined {
  const decision = decideProxy(url, settings);
  return decision.kind === 'proxy' ? decision.proxy : undefined;
}

/**
 * `http.proxy` serves both schemes; without it `HTTPS_PROXY` or `HTTP_PROXY` decides. `http.noProxy` and `NO_PROXY` add up. Loopback is
 * never proxied, and with `http.proxySupport` off nothing is.
 * @throws {CosignError} `PROXY_INVALID`, naming the setting but not quoting it (it may hold a password)
 */
export function decideProxy(url: URL, { proxy, proxyAuthorization, proxySupport = true, noProxy, env }: ProxySettings): ProxyDecision {
  const target = hostPortOf(url);
  if (isLoopback(target.hostname)) return { kind: 'direct', why: 'loopback' };
  if (!proxySupport) return { kind: 'direct', why: 'turned off' };
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const fromSetting = proxy?.trim();
  const address = fromSetting ? fromSetting : variable(env, name);
  if (!address) return { kind: 'direct', why: 'none' };
  const fits = (entry: string): boolean => isException(entry, target.hostname, target.port);
  const listed = noProxy.find(fits);
  const entry = listed ?? (variable(env, 'NO_PROXY') ?? '').split(/[\s,]+/).find(fits);
  if (entry !== undefined) return { kind: 'direct', why: 'exception', entry, from: listed === undefined ? 'NO_PROXY' : 'http.noProxy' };
  return { kind: 'proxy', proxy: parseProxy(address, fromSetting ? 'http.proxy' : name, proxyAuthorization?.trim()) };
}

/**
 * Entries as Go's httpproxy reads them: `*`, `host` (and all below it), `.host` or `*.host` (only below it), an address, a range of
 * addresses, each but the range with an optional `:port`.
 */
function isException(entry: string, hostname: string, port: number): boolean {
  const text = entry.trim().toLowerCase();
  if (text === '') return false;
  if (text === '*' || inAddressRange(hostname, text)) return true;
  const wanted = splitHostPort(text);
  if (wanted.port !== undefined && wanted.port !== port) return false;
  const name = wanted.hostname.replace(/^\*\./, '.');
  return name.startsWith('.') ? hostname.endsWith(name) : hostname === name || hostname.endsWith(`.${name}`);
}

function parseProxy(address: string, setting: string, given: string | undefined): Proxy {
  const wrong = (why: Said, cause?: unknown): CosignError => new CosignError('PROXY_INVALID', said`The proxy in ${setting} ${why}.`, {
    remedy: said`Write ${setting} as http://host:port or https://host:port.`, setting: setting.startsWith('http.') && setting, cause,
  });
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`);
  } catch (cause) {
    throw wrong(said`is not a URL`, cause instanceof Error ? new Error('invalid URL') : undefined);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(said`uses the scheme "${url.protocol.slice(0, -1)}", which is not supported`);
  if (url.hostname === '') throw wrong(said`names no host`);
  const { hostname, port } = hostPortOf(url);
  const login = url.username === '' && url.password === '' ? undefined : `${decode(url.username)}:${decode(url.password)}`;
  const authorization = login === undefined ? checkAuthorization(given) : `Basic ${Buffer.from(login).toString('base64')}`;
  return { hostname, port, secure: url.protocol === 'https:', shown: `${url.hostname}:${port}`, setting, ...(authorization ? { authorization } : {}) };
}

/** It is written into the request as it is: a line break in it would be a header of its own. */
function checkAuthorization(given: string | undefined): string | undefined {
  if (given === undefined || /^[\t\x20-\x7e]*$/.test(given)) return given;
  throw new CosignError('PROXY_INVALID', said`http.proxyAuthorization holds characters that no header has.`, { remedy: said`Write it as one line, such as Basic followed by the base64 of user:password.`, setting: 'http.proxyAuthorization' });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function variable(env: ProxySettings['env'], name: string): string | undefined {
  const value = env[name]?.trim();
  return value ? value : env[name.toLowerCase()]?.trim();
}
