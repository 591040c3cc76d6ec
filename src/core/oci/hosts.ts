// What kind of machine a host name stands for: loopback, private, public. Decides about plain http, realms and redirects.

/** In order of how near they are; names other than localhost count as public until a connection knows better. */
export type Reach = 'loopback' | 'private' | 'link-local' | 'public';

/** Host without port, brackets and final dot taken off, lower case. */
export function bareHost(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return (bracketed ?? host.replace(/:\d+$/, '')).toLowerCase().replace(/\.$/, '');
}

export function isLoopback(host: string): boolean {
  return reachOf(host) === 'loopback';
}

/**
 * Judges address literals as a URL writes them, IPv4 within IPv6 included. `private` takes in shared, unique-local, multicast and
 * reserved addresses; `link-local` is where clouds keep machine credentials.
 * @param host `host` or `host:port`, IPv6 in brackets
 */
export function reachOf(host: string): Reach {
  const name = bareHost(host);
  if (name === 'localhost' || name.endsWith('.localhost')) return 'loopback';
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(name)) return reachOfIPv4(name.split('.').map(Number));
  return host.startsWith('[') ? reachOfIPv6(name) : 'public';
}

/** Whether a registry at `from` may send us to `to`: anywhere public, and to where it is itself. */
export function maySendTo(from: string, to: string): boolean {
  return bareHost(from) === bareHost(to) || maySendAsFar(reachOf(from), reachOf(to));
}

/** The same of what the names resolve to: outwards always, otherwise not further in than the registry is itself, and never to link-local. */
export function maySendAsFar(from: Reach, to: Reach): boolean {
  return to === 'public' || (to !== 'link-local' && to === from);
}

function reachOfIPv4([a = 0, b = 0]: readonly number[]): Reach {
  if (a === 127) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  const shared = a === 100 && b >= 64 && b < 128;
  return a === 0 || a === 10 || shared || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || a >= 224 ? 'private' : 'public';
}

/** @param name compressed, as the URL standard writes it */
function reachOfIPv6(name: string): Reach {
  if (name === '::1') return 'loopback';
  // IPv4 in IPv6: mapped, through NAT64 (RFC 6052), through 6to4 (RFC 3056; what is left out there is zero).
  const embedded = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(name) ?? /^2002:([0-9a-f]{0,4}):([0-9a-f]{0,4})(?::|$)/.exec(name);
  if (embedded) {
    const [high, low] = [Number.parseInt(`0${embedded[1] ?? ''}`, 16), Number.parseInt(`0${embedded[2] ?? ''}`, 16)];
    return reachOfIPv4([high >> 8, high & 255, low >> 8, low & 255]);
  }
  if (/^fe[89ab][0-9a-f]:/.test(name)) return 'link-local';
  return /^(?:::|f[cdef][0-9a-f]{2}:|64:ff9b:)/.test(name) ? 'private' : 'public';
}
