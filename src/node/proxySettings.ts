// Which proxy, if any, stands between this machine and a host: settings first, then the environment.
import { CosignError } from '../core/errors.ts';
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

export interface ProxySettings {
  readonly proxy?: string;
  readonly noProxy: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The proxy for one URL; undefined to connect directly. `http.proxy` serves both schemes; without it `HTTPS_PROXY` or `HTTP_PROXY`
 * decides. `http.noProxy` and `NO_PROXY` add up. Loopback is never proxied.
 * @throws {CosignError} `PROXY_INVALID`, naming the setting but not quoting it (it may hold a password)
 */
export function chooseProxy(url: URL, { proxy, noProxy, env }: ProxySettings): Proxy | undefined {
  const target = hostPortOf(url);
  if (isLoopback(target.hostname)) return undefined;
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const fromSetting = proxy?.trim();
  const address = fromSetting ? fromSetting : variable(env, name);
  if (!address) return undefined;
  const exceptions = [...noProxy, ...(variable(env, 'NO_PROXY') ?? '').split(/[\s,]+/)];
  if (exceptions.some((entry) => isException(entry, target.hostname, target.port))) return undefined;
  return parseProxy(address, fromSetting ? 'http.proxy' : name);
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

function parseProxy(address: string, setting: string): Proxy {
  const wrong = (why: string, cause?: unknown): CosignError => new CosignError('PROXY_INVALID', `The proxy in ${setting} ${why}.`, {
    remedy: `Write ${setting} as http://host:port or https://host:port.`, cause,
  });
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`);
  } catch (cause) {
    throw wrong('is not a URL', cause instanceof Error ? new Error('invalid URL') : undefined);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw wrong(`uses the scheme "${url.protocol.slice(0, -1)}", which is not supported`);
  if (url.hostname === '') throw wrong('names no host');
  const { hostname, port } = hostPortOf(url);
  const login = url.username === '' && url.password === '' ? undefined : `${decode(url.username)}:${decode(url.password)}`;
  return {
    hostname, port, secure: url.protocol === 'https:', shown: `${url.hostname}:${port}`, setting,
    ...(login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
  };
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
