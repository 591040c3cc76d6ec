// Host names as settings list them: `host`, `host:port`, `[::1]:5000`, and which of them mean this machine.
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** A host as connections use it: lower case, without brackets, with its port. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/** The host a URL points to, with the port its scheme implies. */
export function hostPortOf(url: URL): HostPort {
  const implied = url.protocol === 'https:' ? 443 : 80;
  return { hostname: unbracket(url.hostname.toLowerCase()), port: url.port === '' ? implied : Number(url.port) };
}

/** `localhost`, `*.localhost`, 127.0.0.0/8 and ::1, as URLs spell them (lower case, no brackets). */
export function isLoopback(hostname: string): boolean {
  if (isIPv4(hostname)) return hostname.startsWith('127.');
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '::1' || hostname === '[::1]';
}

/** True when `entry` (`host` for every port, or `host:port`) names this host; Docker Hub goes by each of its names. */
export function namesHost(entry: string, { hostname, port }: HostPort): boolean {
  const wanted = splitHostPort(entry);
  return hubName(wanted.hostname) === hubName(hostname) && (wanted.port === undefined || wanted.port === port);
}

/** Splits `host`, `host:port`, `[v6]`, `[v6]:port` and a bare v6 address. */
export function splitHostPort(text: string): { readonly hostname: string; readonly port: number | undefined } {
  const trimmed = text.trim().toLowerCase();
  if (isIPv6(trimmed)) return { hostname: trimmed, port: undefined };
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(trimmed);
  if (match?.[1] === undefined) return { hostname: trimmed, port: undefined };
  return { hostname: unbracket(match[1]), port: match[2] === undefined ? undefined : Number(match[2]) };
}

/** True when the address lies in `range` (`10.0.0.0/8`, `fd00::/8`); false for names and for what is no range. */
export function inAddressRange(hostname: string, range: string): boolean {
  const match = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(range);
  const [network, bits] = [match?.[1] ?? '', Number(match?.[2])];
  const family = isIP(network);
  if (family === 0 || family !== isIP(hostname) || bits > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return list.check(hostname, family === 4 ? 'ipv4' : 'ipv6');
}

function unbracket(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function hubName(hostname: string): string {
  return hostname === 'docker.io' || hostname === 'index.docker.io' ? 'registry-1.docker.io' : hostname;
}
