// Opens the socket a request travels on: TCP, through a proxy's tunnel where there is one, then TLS.
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket, type SecureContext } from 'node:tls';
import type { Reach } from '../core/oci/hosts.ts';
import { AddressRefused, allowsAddress, guardedLookup, plainLookup, type Resolve } from './addressGuard.ts';
import type { HostPort } from './hostNames.ts';
import type { Proxy } from './proxySettings.ts';
import type { Slabs } from './slabs.ts';

export interface TlsTrust {
  readonly context: SecureContext | undefined;
  /** False accepts any certificate. */
  readonly verify: boolean;
  /** Asked for, and looked for in the certificate, instead of the host's name. */
  readonly serverName?: string;
}

export interface DialPlan {
  readonly target: HostPort;
  /** Speak TLS to the target. */
  readonly secure: boolean;
  readonly targetTrust: TlsTrust;
  readonly proxy?: { readonly address: Proxy; readonly trust: TlsTrust };
  /** How near what sent us to the target is; undefined: a person did. Behind a proxy it is the proxy that resolves names, and decides. */
  readonly sentFrom?: Reach;
  /** How names are resolved; by the system by default. */
  readonly resolve?: Resolve;
  /** What a connection without TLS is read into. */
  readonly slabs?: Slabs;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** A connection that could not be opened: on the way to the target itself, or to the proxy before it. */
export class DialFailure extends Error {
  readonly hop: 'target' | 'proxy';
  /** The status a proxy answered a CONNECT with. */
  readonly proxyStatus: number | undefined;
  /** The handshake that failed had asked for a client certificate. */
  readonly askedForCertificate: boolean;

  constructor(hop: 'target' | 'proxy', cause: unknown, proxyStatus?: number, askedForCertificate = false) {
    super('connection failed', { cause });
    this.hop = hop;
    this.proxyStatus = proxyStatus;
    this.askedForCertificate = askedForCertificate;
  }
}

/** Only a server that asks for a client certificate tells which signatures it accepts. */
export function asksForCertificate(socket: Socket | undefined): boolean {
  if (!(socket instanceof TLSSocket)) return false;
  // Nothing when it is closed already, whatever the types say.
  const signatures = socket.getSharedSigalgs() as readonly string[] | null;
  return signatures !== null && signatures.length > 0;
}

/** Marks a connection that took longer than allowed. */
export class DialTimeout extends Error {
  readonly afterMs: number;

  constructor(afterMs: number) {
    super('no connection in time');
    this.afterMs = afterMs;
  }
}

/** A handshake that failed after the server had asked for a client certificate. */
class AskedInVain extends Error {}

/** A socket may fail while nobody listens yet: that must not end the process; whoever uses it next finds it closed. */
const ignore = (): void => undefined;
/** For each address of a host but the last. Node's own 250 ms gives up on a slow network, where nothing else will do; much longer keeps waiting for an IPv6 that leads nowhere. */
const attemptTimeoutMs = 2500;
const maxTunnelHeadBytes = 16 * 1024;
/** What a socket holds that was not sent yet before it asks to wait: Node.js' own 16 KiB are less than one piece of a layer. */
export const unsentBytes = 512 * 1024;
/** One read at a time where it is large; two would be put together by copying them. */
const plainBuffers = { readableHighWaterMark: 16 * 1024, writableHighWaterMark: unsentBytes };
/** TLS comes in records of 16 KiB. */
const tlsBuffers = { highWaterMark: unsentBytes };

/**
 * A connected socket. Plain http through a proxy is not tunnelled: the socket then leads to the proxy, to be sent absolute URLs.
 * @param signal closes the socket at whatever stage it is
 * @throws {DialFailure} also when the signal aborts
 */
export async function dial(plan: DialPlan, signal: AbortSignal): Promise<Socket> {
  const { target, proxy } = plan;
  let hop: 'target' | 'proxy' = proxy ? 'proxy' : 'target';
  let socket: Socket | undefined;
  const limit = new AbortController();
  const timer = setTimeout(() => { limit.abort(new DialTimeout(plan.timeoutMs)); }, plan.timeoutMs);
  const onAbort = (): void => { limit.abort(signal.reason); };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const first = proxy?.address ?? target;
    // TLS reads the connection below itself, into buffers of its own.
    const isPlain = !plan.secure && proxy?.address.secure !== true;
    socket = connectTcp({
      host: first.hostname, port: first.port, autoSelectFamilyAttemptTimeout: Math.min(attemptTimeoutMs, Math.ceil(plan.timeoutMs / 2)), ...(isPlain ? plainBuffers : tlsBuffers), ...lookupOf(plan),
      ...(isPlain && plan.slabs ? { onread: plan.slabs.reads() } : {}),
    });
    socket.on('error', ignore);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    await untilEvent(socket, 'connect', limit.signal);
    if (proxy?.address.secure) socket = await secured(socket, proxy.address, proxy.trust, limit.signal);
    if (proxy && plan.secure) await openTunnel(socket, target, proxy.address, plan.userAgent, limit.signal);
    hop = 'target';
    return plan.secure ? await secured(socket, target, plan.targetTrust, limit.signal) : socket;
  } catch (error) {
    socket?.destroy();
    if (error instanceof DialFailure) throw error;
    throw error instanceof AskedInVain ? new DialFailure(hop, error.cause, undefined, true) : new DialFailure(hop, error);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

/** @throws {AddressRefused} for an address written out, which is never looked up */
function lookupOf({ target, proxy, sentFrom, resolve }: DialPlan): { readonly lookup?: LookupFunction } {
  if (proxy || sentFrom === undefined) return resolve ? { lookup: plainLookup(resolve) } : {};
  if (isIP(target.hostname) !== 0 && !allowsAddress(sentFrom, target.hostname)) throw new AddressRefused(target.hostname);
  return { lookup: guardedLookup(sentFrom, resolve) };
}

async function secured(socket: Socket, { hostname }: HostPort, { context, verify, serverName = hostname }: TlsTrust, signal: AbortSignal): Promise<Socket> {
  const secure = connectTls({
    socket, host: serverName, servername: isIP(serverName) === 0 ? serverName : '', ALPNProtocols: ['http/1.1'], rejectUnauthorized: verify, ...tlsBuffers,
    ...(context ? { secureContext: context } : {}),
  });
  const seen = { asked: false };
  secure.on('error', () => { seen.asked ||= asksForCertificate(secure); });
  try {
    await untilEvent(secure, 'secureConnect', signal);
    return secure;
  } catch (error) {
    secure.destroy();
    throw seen.asked ? new AskedInVain('handshake failed', { cause: error }) : error;
  }
}

/** RFC 9110 §9.3.6. */
async function openTunnel(socket: Socket, target: HostPort, proxy: Proxy, userAgent: string, signal: AbortSignal): Promise<void> {
  const authority = `${isIP(target.hostname) === 6 ? `[${target.hostname}]` : target.hostname}:${target.port}`;
  const login = proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: ${userAgent}\r\n${login}\r\n`);
  let head = '';
  while (!head.includes('\r\n\r\n')) {
    if (head.length > maxTunnelHeadBytes) throw new DialFailure('proxy', new Error('the answer to CONNECT has no end'));
    const chunk: unknown = socket.read();
    if (chunk instanceof Uint8Array) head += Buffer.from(chunk).toString('latin1');
    else await untilEvent(socket, 'readable', signal);
  }
  const status = /^HTTP\/1\.[01] (\d{3})\b/.exec(head)?.[1];
  if (status === undefined) throw new DialFailure('proxy', new Error('the answer to CONNECT is not HTTP'));
  if (!status.startsWith('2')) throw new DialFailure('proxy', undefined, Number(status));
  const rest = head.slice(head.indexOf('\r\n\r\n') + 4);
  if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
}

/** Resolves at the event; rejects when the socket fails, ends, or the signal aborts first. */
function untilEvent(socket: Socket, event: 'connect' | 'secureConnect' | 'readable', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      socket.off(event, onEvent).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onEvent = (): void => settle(resolve);
    const onError = (error: Error): void => settle(() => { reject(error); });
    const onClose = (): void => settle(() => { reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })); });
    const onAbort = (): void => settle(() => { reject(signal.reason as Error); });
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    socket.on(event, onEvent).on('error', onError).on('close', onClose);
    signal.addEventListener('abort', onAbort);
  });
}
