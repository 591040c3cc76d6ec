// What goes wrong on the way to a registry, in words: the system's cause, the host, and the setting to change.
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { isLoopback } from '../core/oci/hosts.ts';
import type { Referral } from '../core/oci/transport.ts';
import { AddressRefused } from './addressGuard.ts';
import { DialFailure, DialTimeout } from './connector.ts';
import type { ClientState } from './hostTrust.ts';
import { settingOf, type Proxy } from './proxySettings.ts';

export interface RequestContext {
  /** `host` or `host:port`, as in the URL. */
  readonly host: string;
  readonly proxy: Proxy | undefined;
  readonly timeoutMs: number;
  /** The answer had begun. */
  readonly answering: boolean;
  readonly referral: Referral | undefined;
  /** Which client certificate the host would get, whether it has asked for one, and whether it has answered anything before. */
  readonly client?: { readonly state: ClientState; readonly asked: () => boolean; readonly answered: () => boolean };
}

const unreachable: Readonly<Record<string, Said>> = {
  ENOTFOUND: said`the host name is not known`, EAI_AGAIN: said`the name server did not answer`, ECONNREFUSED: said`the connection was refused`,
  ECONNRESET: said`the connection was reset`, EHOSTUNREACH: said`there is no route to the host`, ENETUNREACH: said`the network cannot be reached`,
  ENETDOWN: said`the network is down`, EPIPE: said`the connection was closed`, ECONNABORTED: said`the connection was aborted`, EADDRNOTAVAIL: said`there is no address to connect from`,
};

/** What cures it: another authority, another certificate, another name, the clock, or nothing on this side. */
type CertificateFault = readonly [words: Said, cure: 'authority' | 'renewal' | 'clock' | 'name' | 'replacement'];

const unknownAuthority: CertificateFault = [said`its certificate was issued by an authority that this machine does not know`, 'authority'];
const otherName: CertificateFault = [said`its certificate is for another host name`, 'name'];
const certificateFaults: Readonly<Record<string, CertificateFault>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: [said`its certificate is self-signed`, 'authority'],
  SELF_SIGNED_CERT_IN_CHAIN: [said`its certificate chain ends in a self-signed certificate that this machine does not trust`, 'authority'],
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority, UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority, UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  CERT_UNTRUSTED: [said`its certificate is not trusted`, 'authority'],
  CERT_HAS_EXPIRED: [said`its certificate has expired`, 'renewal'], CERT_NOT_YET_VALID: [said`its certificate is not valid yet`, 'clock'],
  ERR_TLS_CERT_ALTNAME_INVALID: otherName, HOSTNAME_MISMATCH: otherName,
  CERT_REVOKED: [said`its certificate was revoked`, 'replacement'], CERT_REJECTED: [said`its certificate was rejected`, 'replacement'],
  CERT_SIGNATURE_FAILURE: [said`the signature of its certificate is wrong`, 'replacement'], INVALID_CA: [said`its certificate was issued by one that is no authority`, 'replacement'],
  INVALID_PURPOSE: [said`its certificate is not meant for servers`, 'replacement'], CERT_CHAIN_TOO_LONG: [said`its certificate chain is too long`, 'replacement'],
};

/** A failure of undici, a socket or TLS → one error. Cancellation and expiry are the caller's to recognise first. */
export function toRequestError(thrown: unknown, context: RequestContext): CosignError {
  const known = chain(thrown).find((error) => error instanceof CosignError);
  if (known) return known;
  const refused = chain(thrown).find((error) => error instanceof AddressRefused);
  if (refused && context.referral) return context.referral.refuse(said`${context.host} leads to the ${refused.reach} address ${refused.address}`);
  const dialed = chain(thrown).find((error) => error instanceof DialFailure);
  const cause = dialed ? dialed.cause : thrown;
  if (cause instanceof DialTimeout) return dialed?.hop === 'proxy' ? timedOut(context, true) : noAnswer(context, said`there was no connection within ${cause.afterMs / 1000} s`, dialed);
  if (dialed?.hop === 'proxy' && context.proxy) return proxyError(dialed, context, context.proxy);
  const { code, text } = systemCode(cause);
  if (code === 'ETIMEDOUT') return noAnswer(context, said`it does not answer at any of its addresses (ETIMEDOUT)`, dialed ?? thrown);
  return clientCertificateError(code, dialed?.askedForCertificate ?? context.client?.asked() ?? false, context, dialed ?? cause) ?? tlsError(code, text, context, dialed ?? cause) ?? answerError(code, context, cause)
    ?? new CosignError('REGISTRY_UNREACHABLE', said`Cannot reach ${route(context)}: ${inWords(code)}.`, { ...wayTo(context), cause: dialed ?? cause });
}

/** What to look at when there is no connection: this machine has no proxy before it. */
function wayTo({ host, proxy }: RequestContext): { readonly remedy: Said; readonly setting: string | false } {
  if (isLoopback(host)) return { remedy: said`Check the port, and that the registry runs on this machine.`, setting: false };
  if (proxy) return { remedy: said`Check the name; the proxy comes from ${proxy.setting}.`, setting: settingOf(proxy) };
  return { remedy: said`Check the name and the network; behind a proxy, set http.proxy.`, setting: 'http.proxy' };
}

function noAnswer(context: RequestContext, why: Said, cause: unknown): CosignError {
  return new CosignError('REGISTRY_TIMEOUT', said`Cannot connect to ${route(context)}: ${why}.`, { ...wayTo(context), cause });
}

/** Whether nothing was sent because there was no connection: not even to the registry's certificate did it come. */
export function isUnconnected(error: unknown): boolean {
  return error instanceof CosignError && error.code !== 'REGISTRY_TLS' && chain(error).some((each) => each instanceof DialFailure);
}

/** The request took longer than it may. */
export function timedOut({ host, timeoutMs, proxy, answering }: RequestContext, atProxy = false): CosignError {
  const who = atProxy && proxy ? said`The proxy "${proxy.shown}"` : `"${host}"`;
  return new CosignError('REGISTRY_TIMEOUT', answering ? said`${who} did not finish its answer within ${timeoutMs / 1000} s.` : said`${who} did not answer within ${timeoutMs / 1000} s.`, {
    remedy: said`Try again, or raise countersign.network.timeout.`, ...(atProxy && proxy ? { setting: settingOf(proxy) } : {}),
  });
}

/** A proxy that turned a request down: its own status, not the registry's. */
export function proxyRefusal(status: number, host: string, proxy: Proxy, cause?: unknown): CosignError {
  if (status === 407) {
    const inSettings = settingOf(proxy) !== false;
    return new CosignError('REGISTRY_UNREACHABLE', said`Cannot reach "${host}": the proxy "${proxy.shown}" asks for another login (407).`, {
      remedy: inSettings
        ? said`Put the user name and the password into the URL in ${proxy.setting}, or set http.proxyAuthorization.`
        : said`Put the user name and the password into the URL in ${proxy.setting}.`,
      setting: inSettings ? 'http.proxy' : 'http.proxyAuthorization', cause,
    });
  }
  return new CosignError('REGISTRY_UNREACHABLE', said`Cannot reach "${host}": the proxy "${proxy.shown}" refused to connect to it (${status}).`, {
    remedy: said`Ask whoever runs the proxy to allow the host, or list it in http.noProxy; the proxy comes from ${proxy.setting}.`, setting: 'http.noProxy', cause,
  });
}

function proxyError(failure: DialFailure, { host }: RequestContext, proxy: Proxy): CosignError {
  if (failure.proxyStatus !== undefined) return proxyRefusal(failure.proxyStatus, host, proxy, failure);
  const { code, text } = systemCode(failure.cause);
  const [fault] = certificateFaults[code] ?? [];
  if (fault !== undefined || isHandshake(code, text)) {
    return new CosignError('REGISTRY_TLS', said`Cannot reach "${host}": the proxy "${proxy.shown}" is not trusted: ${fault === undefined ? said`TLS failed (${code})` : said`${fault} (${code})`}.`, {
      remedy: said`Check ${proxy.setting}; http.proxyStrictSSL decides whether the proxy's own certificate is verified.`, setting: 'http.proxyStrictSSL', cause: failure,
    });
  }
  return new CosignError('REGISTRY_UNREACHABLE', said`Cannot reach "${host}" through the proxy "${proxy.shown}": ${inWords(code)}.`, {
    remedy: said`Check the proxy in ${proxy.setting}.`, setting: settingOf(proxy), cause: failure,
  });
}

/** What a server says of our certificate, or of none; one that asked for a certificate and hangs up without a word means the same. */
function clientCertificateError(code: string, asked: boolean, { host, client, answering }: RequestContext, cause: unknown): CosignError | undefined {
  const refused = /_ALERT_(?:BAD_CERTIFICATE|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?!UNOBTAINABLE)\w+|UNKNOWN_CA|ACCESS_DENIED)$/.test(code);
  const hungUp = asked && !answering && client?.answered() !== true && (code.endsWith('_ALERT_HANDSHAKE_FAILURE') || ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(code));
  if (!refused && !hungUp) return undefined;
  return clientCertificateRefused(host, client?.state ?? { kind: 'none' }, refused ? 'refuses' : 'seems to refuse', cause);
}

const certificateAnswers = {
  'refuses': (host: string, path: string): Said => said`"${host}" refuses the client certificate "${path}".`,
  'seems to refuse': (host: string, path: string): Said => said`"${host}" seems to refuse the client certificate "${path}".`,
  'does not take': (host: string, path: string): Said => said`"${host}" does not take the client certificate "${path}".`,
};

/** @param answer what the host does with a certificate that was sent */
export function clientCertificateRefused(host: string, client: ClientState, answer: keyof typeof certificateAnswers, cause?: unknown): CosignError {
  const make = (message: Said, remedy: Said): CosignError => new CosignError('CLIENT_CERTIFICATE_REQUIRED', message, { remedy, cause });
  switch (client.kind) {
    case 'sent': return make(certificateAnswers[answer](host, client.path), said`Ask whoever runs the registry which certificates it accepts, and whether this one has expired.`);
    case 'withheld': return make(said`"${host}" asks for a client certificate, and none is sent in Restricted Mode or with countersign.registries.useCredentials turned off.`, said`Trust the workspace, or turn countersign.registries.useCredentials on.`);
    case 'unreadable': return make(said`"${host}" asks for a client certificate, and the key "${client.path}" may not be read by this user.`, said`Name a certificate and key that you may read for "${host}" in countersign.registries.clientCertificates.`);
    case 'none': return make(said`"${host}" asks for a client certificate, and there is none for it.`, said`Name its PEM files for "${host}" in countersign.registries.clientCertificates, or put them into "~/.config/containers/certs.d/${host}" as client.cert and client.key.`);
  }
}

function tlsError(code: string, text: string, context: RequestContext, cause: unknown): CosignError | undefined {
  const { host } = context;
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || /wrong version number|packet length too long|http request/i.test(text)) {
    return new CosignError('REGISTRY_TLS', said`"${host}" answers in plain http where https was expected.`, {
      remedy: said`If that is meant to be, list "${host}" in countersign.registries.insecure.`, setting: insecure, cause,
    });
  }
  const known = certificateFaults[code] ?? (/^(CERT_|CRL_|UNABLE_TO_|ERROR_IN_CERT|ERR_TLS_CERT)/.test(code) ? [said`its certificate cannot be verified`, 'authority'] as const : undefined);
  if (known) {
    const [fault, cure] = known;
    return new CosignError('REGISTRY_TLS', said`The connection to ${route(context)} is not trusted: ${fault} (${code}).`, { ...certificateCure(cure, host), cause });
  }
  if (!isHandshake(code, text)) return undefined;
  return new CosignError('REGISTRY_TLS', said`${route(context)} and this machine cannot agree on TLS (${code}).`, {
    remedy: said`Check that the host and port speak https with TLS 1.2 or newer.`, setting: false, cause,
  });
}

const insecure = 'countersign.registries.insecure';

/** An authority of one's own cures only an authority that is not known. */
function certificateCure(cure: CertificateFault[1], host: string): { readonly remedy: Said; readonly setting: string | false } {
  const lastly = said`; as a last resort list the host in ${insecure}`;
  switch (cure) {
    case 'authority': return { remedy: said`Name the authority's PEM file for "${host}" in countersign.registries.certificateAuthorities${lastly}.`, setting: 'countersign.registries.certificateAuthorities' };
    case 'renewal': return { remedy: said`Have the certificate of "${host}" renewed, and check the clock of this machine${lastly}.`, setting: insecure };
    case 'name': return { remedy: said`Use the name that the certificate is made for, or have it made for "${host}"${lastly}.`, setting: insecure };
    case 'clock': return { remedy: said`Correct the clock of this machine; if it is right, have the certificate replaced.`, setting: false };
    case 'replacement': return { remedy: said`Ask whoever runs "${host}" for another certificate, and do not use the registry until then.`, setting: false };
  }
}

function answerError(code: string, { host, answering }: RequestContext, cause: unknown): CosignError | undefined {
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || (cause instanceof Error && cause.name === 'HTTPParserError')) {
    return new CosignError('REGISTRY_RESPONSE_INVALID', said`"${host}" answered with something that is not HTTP.`, {
      remedy: said`Check that the host and port are those of a registry.`, cause,
    });
  }
  if (!answering && code !== 'UND_ERR_SOCKET') return undefined;
  return new CosignError('REGISTRY_UNREACHABLE', answering ? said`The answer of "${host}" was cut off.` : said`"${host}" closed the connection without an answer.`, {
    remedy: said`Try again.`, setting: false, cause,
  });
}

const isHandshake = (code: string, text: string): boolean => code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || /\bssl3?_|\bSSL routines\b/i.test(text);
/** The host, and how it was to be reached. */
const route = ({ host, proxy }: RequestContext): Said => (proxy ? said`"${host}" through the proxy "${proxy.shown}"` : said`"${host}"`);
const inWords = (code: string): Said => (unreachable[code] === undefined ? said`the connection failed (${code})` : said`${unreachable[code]} (${code})`);

function systemCode(thrown: unknown): { readonly code: string; readonly text: string } {
  const coded = chain(thrown).map(mostTelling).find((error) => 'code' in error && typeof error.code === 'string');
  return { code: coded && 'code' in coded ? String(coded.code) : 'UNKNOWN', text: coded?.message ?? '' };
}

/** Of several addresses that were tried, the one that was nearest to an answer: "no route" often only means that there is no IPv6. */
function mostTelling(error: Error): Error {
  if (!(error instanceof AggregateError)) return error;
  const tried = error.errors.filter((each): each is Error => each instanceof Error);
  return tried.find((each) => 'code' in each && !noRoute.includes(String(each.code))) ?? tried[0] ?? error;
}

const noRoute: readonly string[] = ['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/** The error and what caused it, outermost first. */
function chain(thrown: unknown): readonly Error[] {
  const errors: Error[] = [];
  for (let next = thrown; next instanceof Error && errors.length < 8; next = next.cause) errors.push(next);
  return errors;
}
