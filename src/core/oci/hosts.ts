// What kind of machine a host name stands for: loopback, private, public. Decides about plain http, realms and redirects.

/** Host without port, brackets taken off, lower case. */
export function bareHost(host: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(host)?.[1];
  return (bracketed ?? host.replace(/:\d+$/, '')).toLowerCase();
}

export function isLoopback(host: string): boolean {
  const name = bareHost(host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/**
 * True for address literals nobody on the internet should send us to: loopback, private, link-local, unique-local, unspecified,
 * and IPv4 written inside IPv6. Names are not looked up.
 */
export function isPrivateAddress(host: string): boolean {
  const name = bareHost(host);
  if (isLoopback(name)) return true;
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(name)?.slice(1).map(Number);
  if (octets) {
    const [a = 0, b = 0] = octets;
    return a === 0 || a === 10 || (a === 100 && b >= 64 && b < 128) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168) || a >= 224;
  }
  return name.includes(':') && (/^(?:::|fc|fd|fe[89ab])/.test(name) || name.includes('.'));
}
