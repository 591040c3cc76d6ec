// The transport for registries as machine and settings want it: our own, with the editor's networking behind it where that is as safe.
import type { HttpRequest, Transport } from '../core/oci/transport.ts';
import { EditorTransport, type EditorFetch } from './editorTransport.ts';
import { FallbackTransport } from './fallbackTransport.ts';
import { hostPortOf, isLoopback, namesHost } from './hostNames.ts';
import { UndiciTransport, type TransportOptions } from './undiciTransport.ts';

export interface RegistryTransportOptions extends TransportOptions {
  readonly settings: TransportOptions['settings'] & { readonly editorFallback?: boolean };
  /** The editor's; undefined where there is no editor. */
  readonly fetch?: EditorFetch | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface RegistryTransport extends Transport {
  /** Whether requests to this address go through the editor's networking now. */
  goesSecond(url: URL): boolean;
  /** Whether they may, once ours finds no way. */
  maySecond(url: URL): boolean;
  dispose(): Promise<void>;
}

/** With another way in reserve it is not waited for longer: a firewall that drops what should have gone to a proxy says nothing. */
const connectTimeoutMs = 10_000;

/** Sockets are opened when first needed. */
export function createRegistryTransport(options: RegistryTransportOptions): RegistryTransport {
  const { fetch, settings, version, resolve, now } = options;
  if (!fetch || !isAsStrict(options)) {
    const only = new UndiciTransport(options);
    return { send: (request, signal) => only.send(request, signal), dispose: () => only.dispose(), goesSecond: () => false, maySecond: () => false };
  }
  const maySecond = ({ url, body }: Pick<HttpRequest, 'url' | 'body'>): boolean => typeof body !== 'function' && isPlainlySecure(url, settings);
  const first = new UndiciTransport({ connectTimeoutMs, ...options });
  const second = new EditorTransport({ fetch, version, timeoutMs: settings.timeoutMs, ...(resolve ? { resolve } : {}) });
  const transport = new FallbackTransport({ first, second, maySecond, now });
  return {
    send: (request, signal) => transport.send(request, signal), dispose: () => transport.dispose(), goesSecond: (url) => transport.goesSecond(url), maySecond: (url) => maySecond({ url }),
  };
}

/** Whether the editor verifies certificates at all; what turns that off there never turns it off here. */
function isAsStrict({ settings, env }: RegistryTransportOptions): boolean {
  return settings.editorFallback === true && settings.proxyStrictSSL && settings.proxySupport !== false && env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0';
}

/** The editor's fetch knows nothing of what a person said about a host's certificates. */
function isPlainlySecure(url: URL, { insecureRegistries, certificateAuthorities, clientCertificates, flags }: RegistryTransportOptions['settings']): boolean {
  const target = hostPortOf(url);
  const listed = [...insecureRegistries, ...Object.keys(certificateAuthorities), ...Object.keys(clientCertificates ?? {})].some((entry) => namesHost(entry, target));
  return url.protocol === 'https:' && !isLoopback(target.hostname) && !listed && flags?.anyCertificate !== true && flags?.certificateAuthority === undefined && flags?.clientCertificate === undefined && flags?.serverName === undefined;
}
