// The way to a host looked at by itself: proxy, name, socket, certificate. Nothing is sent over it.
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { TLSSocket, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls';
import { abortable } from '../core/async/sharedLoads.ts';
import type { ConnectionProbe } from '../core/diagnosis/diagnose.ts';
import type { DiagnosisStep, ProxyFact, StepFact, StepName, TlsFact } from '../core/diagnosis/diagnosis.ts';
import type { Clock } from '../core/oci/transport.ts';
import { resolveAll } from './addressGuard.ts';
import { readBoundedFile } from './boundedFile.ts';
import { DialFailure, dial, type DialPlan } from './connector.ts';
import { hostPortOf, isLoopback, namesHost } from './hostNames.ts';
import { HostTrusts, type HostTrust } from './hostTrust.ts';
import { decideProxy, type Proxy, type ProxyDecision } from './proxySettings.ts';
import { toRequestError, type RequestContext } from './requestFailure.ts';
import type { TransportOptions } from './undiciTransport.ts';

const maxAuthorityBytes = 1024 * 1024;
const maxChain = 10;

/** Opens two connections, one after the other, and closes them. */
export function createConnectionProbe(options: TransportOptions & { readonly clock: Clock }): ConnectionProbe {
  const { settings, env, version, clock, resolve = resolveAll } = options;
  const trusts = new HostTrusts(settings, { env, homeDirectory: options.homeDirectory, ...(options.root === undefined ? {} : { root: options.root }) });
  return async (url, anyCertificate, onStep, report, signal) => {
    const target = hostPortOf(url);
    const secure = url.protocol === 'https:';
    let proxy: Proxy | undefined;
    let trust: HostTrust | undefined;
    const context = (): RequestContext => ({ host: url.host, proxy, timeoutMs: settings.timeoutMs, answering: false, referral: undefined, ...clientOf(trust) });
    const step = async (name: StepName, work: () => Promise<StepFact | { readonly refused: TlsFact; readonly cause: unknown }>): Promise<boolean> => {
      onStep(name);
      const started = clock.now();
      const fail = (error: unknown, tls?: TlsFact): false => {
        signal.throwIfAborted();
        report({ state: 'failed', tookMs: clock.now() - started, name, error: toRequestError(error, context()), ...(tls ? { tls } : {}) } satisfies DiagnosisStep);
        return false;
      };
      try {
        const found = await work();
        if ('refused' in found) return fail(found.cause, found.refused);
        report({ state: 'done', tookMs: clock.now() - started, fact: found });
        return true;
      } catch (error) {
        return fail(error);
      }
    };

    const isProxyKnown = await step('proxy', () => {
      const decision = decideProxy(url, { ...settings, env });
      if (decision.kind === 'proxy') ({ proxy } = decision);
      return Promise.resolve({ kind: 'proxy', proxy: toFact(decision) });
    });
    if (!isProxyKnown) return false;
    const isNameKnown = await step('name', async () => {
      if (isIP(target.hostname) !== 0) return { kind: 'name', addresses: [target.hostname] };
      const addresses = await abortable(new Promise<readonly string[]>((done, reject) => {
        resolve(target.hostname, (error, found) => { if (error) reject(error); else done(found.map(({ address }) => address)); });
      }), signal).catch((error: unknown) => {
        signal.throwIfAborted();
        if (proxy) return [];
        throw new DialFailure('target', error);
      });
      return { kind: 'name', addresses };
    });
    if (!isNameKnown) return false;
    const plan: Omit<DialPlan, 'target' | 'secure' | 'targetTrust'> = {
      timeoutMs: settings.timeoutMs, userAgent: `countersign/${version}`, ...(options.resolve ? { resolve: options.resolve } : {}),
    };
    const open = { context: undefined, verify: false };
    const isConnected = await step('connect', async () => {
      const socket = await dial({ ...plan, target: proxy ?? target, secure: false, targetTrust: open }, signal).catch((error: unknown) => {
        throw proxy && error instanceof DialFailure ? new DialFailure('proxy', error.cause) : error;
      });
      const { remoteAddress = '', remotePort = 0 } = socket;
      socket.destroy();
      return { kind: 'connect', address: `${isIP(remoteAddress) === 6 ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`, throughProxy: proxy !== undefined };
    });
    if (!isConnected) return false;
    return step('tls', async () => {
      if (!secure) return { kind: 'plain http', why: isLoopback(target.hostname) ? 'loopback' : 'listed' };
      const file = Object.entries(settings.certificateAuthorities).find(([entry]) => namesHost(entry, target))?.[1];
      trust = await trusts.of(target, url.host, anyCertificate);
      const verified = trust.verify;
      const proxyTrust = { context: (await trusts.ofProxy(url.host)).context, verify: settings.proxyStrictSSL };
      // Accepted for the moment, so that what is refused can be shown.
      const socket = await dial({ ...plan, target, secure: true, targetTrust: { ...trust, verify: false }, ...(proxy ? { proxy: { address: proxy, trust: proxyTrust } } : {}) }, signal);
      try {
        if (!(socket instanceof TLSSocket)) throw new DialFailure('target', new Error('no TLS'));
        const tls = await describe(socket, verified, file, signal);
        const { authorized, authorizationError } = socket;
        if (authorized || !verified) return { kind: 'tls', tls };
        return { refused: { ...tls, verified: false }, cause: new DialFailure('target', Object.assign(new Error('certificate refused'), { code: String(authorizationError) })) };
      } finally {
        socket.destroy();
      }
    });
  };
}

/** A handshake that fails says itself whether a certificate was asked for. */
function clientOf(trust: HostTrust | undefined): Pick<RequestContext, 'client'> {
  return trust ? { client: { state: trust.client, asked: () => false, answered: () => false } } : {};
}

function toFact(decision: ProxyDecision): ProxyFact {
  if (decision.kind === 'direct') return decision;
  const { shown, setting, authorization } = decision.proxy;
  return { kind: 'proxy', shown, setting, hasLogin: authorization !== undefined };
}

async function describe(socket: TLSSocket, verified: boolean, file: string | undefined, signal: AbortSignal): Promise<TlsFact> {
  const certificate = socket.getPeerCertificate(true);
  return {
    protocol: socket.getProtocol() ?? '', subject: partyName(certificate.subject), issuer: partyName(certificate.issuer),
    names: (certificate.subjectaltname ?? '').slice(0, 500), validFrom: Date.parse(certificate.valid_from), validTo: Date.parse(certificate.valid_to), verified,
    ...(file !== undefined && await holds(file, rootOf(certificate), signal) ? { authorityFile: file } : {}),
  };
}

function partyName(party: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = party ?? {};
  return [CN, O].flat().filter((part) => typeof part === 'string').join(', ').slice(0, 200);
}

function rootOf(leaf: DetailedPeerCertificate): string {
  let at = leaf;
  // The last one is its own issuer.
  for (let depth = 0; depth < maxChain && typeof at.issuerCertificate === 'object' && at.issuerCertificate !== at; depth++) at = at.issuerCertificate;
  return at.fingerprint256;
}

async function holds(file: string, fingerprint: string, signal: AbortSignal): Promise<boolean> {
  const text = Buffer.from(await readBoundedFile(file, maxAuthorityBytes, signal)).toString('latin1');
  return (text.match(/-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END (?:TRUSTED )?CERTIFICATE-----/g) ?? []).some((pem) => new X509Certificate(pem).fingerprint256 === fingerprint);
}
