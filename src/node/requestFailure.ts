// What goes wrong on the way to a registry, in words: the system's cause, the host, and the setting to change.
import { CosignError } from '../core/errors.ts';
import type { Referral } from '../core/oci/transport.ts';
import { AddressRefused } from './addressGuard.ts';
import { DialFailure, DialTimeout } from './connector.ts';
import type { Proxy } from './proxySettings.ts';

export interface RequestContext {
  /** `host` or `host:port`, as in the URL. */
  readonly host: string;
  readonly proxy: Proxy | undefined;
  readonly timeoutMs: number;
  /** The answer had begun. */
  readonly answering: boolean;
  readonly referral: Referral | undefined;
}

const reach = 'Check the name and the network; behind a proxy, set http.proxy.';

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name is not known', EAI_AGAIN: 'the name server did not answer', ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset', EHOSTUNREACH: 'there is no route to the host', ENETUNREACH: 'the network cannot be reached',
  ENETDOWN: 'the network is down', EPIPE: 'the connection was closed', ECONNABORTED: 'the connection was aborted', EADDRNOTAVAIL: 'there is no address to connect from',
};

const certificateFaults: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed', SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain ends in a self-signed certificate that this machine does not trust',
  CERT_HAS_EXPIRED: 'its certificate has expired', CERT_NOT_YET_VALID: 'its certificate is not valid yet (check the clock of this machine)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was issued by an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was issued by an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was issued by an authority that this machine does not know',
  CERT_REVOKED: 'its certificate was revoked', CERT_UNTRUSTED: 'its certificate is not trusted', CERT_REJECTED: 'its certificate was rejected',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong', INVALID_CA: 'its certificate was issued by one that is no authority',
  INVALID_PURPOSE: 'its certificate is not meant for servers', CERT_CHAIN_TOO_LONG: 'its certificate chain is too long', HOSTNAME_MISMATCH: 'its certificate is for another host name',
};

/** A failure of undici, a socket or TLS → one error. Cancellation and expiry are the caller's to recognise first. */
export function toRequestError(thrown: unknown, context: RequestContext): CosignError {
  const known = chain(thrown).find((error) => error instanceof CosignError);
  if (known) return known;
  const refused = chain(thrown).find((error) => error instanceof AddressRefused);
  if (refused && context.referral) return context.referral.refuse(`${context.host} leads to the ${refused.reach} address ${refused.address}`);
  const dialed = chain(thrown).find((error) => error instanceof DialFailure);
  const cause = dialed ? dialed.cause : thrown;
  if (cause instanceof DialTimeout) return timedOut(context, dialed?.hop === 'proxy');
  if (dialed?.hop === 'proxy' && context.proxy) return proxyError(dialed, context, context.proxy);
  const { code, text } = systemCode(cause);
  if (code === 'ETIMEDOUT') return timedOut(context, false);
  return tlsError(code, text, context, cause) ?? answerError(code, context, cause)
    ?? new CosignError('REGISTRY_UNREACHABLE', `Cannot reach "${context.host}"${via(context)}: ${inWords(code)}.`, { remedy: reach, cause });
}

/** The request took longer than it may. */
export function timedOut({ host, timeoutMs, proxy, answering }: RequestContext, atProxy = false): CosignError {
  const who = atProxy && proxy ? `The proxy "${proxy.shown}"` : `"${host}"`;
  return new CosignError('REGISTRY_TIMEOUT', `${who} did not ${answering ? 'finish its answer' : 'answer'} within ${timeoutMs / 1000} s.`, {
    remedy: 'Try again, or raise countersign.network.timeout.',
  });
}

/** A proxy that turned a request down: its own status, not the registry's. */
export function proxyRefusal(status: number, host: string, proxy: Proxy, cause?: unknown): CosignError {
  if (status === 407) {
    return new CosignError('REGISTRY_UNREACHABLE', `Cannot reach "${host}": the proxy "${proxy.shown}" asks for another login (407).`, {
      remedy: `Put the user name and the password into the URL in ${proxy.setting}.`, cause,
    });
  }
  return new CosignError('REGISTRY_UNREACHABLE', `Cannot reach "${host}": the proxy "${proxy.shown}" refused to connect to it (${status}).`, {
    remedy: `Ask whoever runs the proxy to allow the host, or list it in http.noProxy; the proxy comes from ${proxy.setting}.`, cause,
  });
}

function proxyError(failure: DialFailure, { host }: RequestContext, proxy: Proxy): CosignError {
  if (failure.proxyStatus !== undefined) return proxyRefusal(failure.proxyStatus, host, proxy);
  const { cause } = failure;
  const { code, text } = systemCode(cause);
  if (certificateFaults[code] !== undefined || isHandshake(code, text)) {
    return new CosignError('REGISTRY_TLS', `Cannot reach "${host}": the proxy "${proxy.shown}" is not trusted: ${certificateFaults[code] ?? `TLS failed (${code})`}.`, {
      remedy: `Check ${proxy.setting}; http.proxyStrictSSL decides whether the proxy's own certificate is verified.`, cause,
    });
  }
  return new CosignError('REGISTRY_UNREACHABLE', `Cannot reach "${host}" through the proxy "${proxy.shown}": ${inWords(code)}.`, {
    remedy: `Check the proxy in ${proxy.setting}.`, cause,
  });
}

function tlsError(code: string, text: string, context: RequestContext, cause: unknown): CosignError | undefined {
  const { host } = context;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || /wrong version number|packet length too long|http request/i.test(text)) {
    return new CosignError('REGISTRY_TLS', `"${host}" answers in plain http where https was expected.`, {
      remedy: `If that is meant to be, list "${host}" in countersign.registries.insecure.`, cause,
    });
  }
  const fault = certificateFaults[code] ?? (/^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT|ERR_TLS_CERT)/.test(code) ? `its certificate cannot be verified (${code})` : undefined);
  if (fault !== undefined) {
    return new CosignError('REGISTRY_TLS', `The connection to "${host}"${via(context)} is not trusted: ${fault}.`, {
      remedy: `Name the authority's PEM file for "${host}" in countersign.registries.certificateAuthorities; as a last resort list the host in countersign.registries.insecure.`, cause,
    });
  }
  if (!isHandshake(code, text)) return undefined;
  return new CosignError('REGISTRY_TLS', `"${host}"${via(context)} and this machine cannot agree on TLS (${code}).`, {
    remedy: 'Check that the host and port speak https with TLS 1.2 or newer.', cause,
  });
}

function answerError(code: string, { host, answering }: RequestContext, cause: unknown): CosignError | undefined {
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || (cause instanceof Error && cause.name === 'HTTPParserError')) {
    return new CosignError('REGISTRY_RESPONSE_INVALID', `"${host}" answered with something that is not HTTP.`, {
      remedy: 'Check that the host and port are those of a registry.', cause,
    });
  }
  if (!answering && code !== 'UND_ERR_SOCKET') return undefined;
  return new CosignError('REGISTRY_UNREACHABLE', answering ? `The answer of "${host}" was cut off.` : `"${host}" closed the connection without an answer.`, {
    remedy: 'Try again.', cause,
  });
}

const isHandshake = (code: string, text: string): boolean => code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || /\bssl3?_|\bSSL routines\b/i.test(text);
const via = ({ proxy }: RequestContext): string => (proxy ? ` through the proxy "${proxy.shown}"` : '');
const inWords = (code: string): string => (unreachable[code] === undefined ? `the connection failed (${code})` : `${unreachable[code]} (${code})`);

function systemCode(thrown: unknown): { readonly code: string; readonly text: string } {
  const coded = chain(thrown).find((error) => 'code' in error && typeof error.code === 'string');
  return { code: coded && 'code' in coded ? String(coded.code) : 'unknown cause', text: coded?.message ?? '' };
}

/** The error and what caused it, outermost first. */
function chain(thrown: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let next = thrown; next instanceof Error && errors.length < 8; next = next.cause) errors.push(next);
  return errors;
}
